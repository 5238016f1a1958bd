"""Answer an htmx 4 request with the part it targets, and any other with the page."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render as render_template
from django.utils.cache import patch_vary_headers

HEADERS = ("HX-Request", "HX-Target", "HX-Request-Type")
SERVER_ERROR = 500
PAGE_ERRORS = frozenset({400, 403, 404, 405, 429, SERVER_ERROR, 503})


def target_id(request: HttpRequest) -> str:
    """Return the id of the element a partial request fills, "" when the page is wanted.

    htmx sends the target as `tag#id`, the id percent-encoded. Where it wants a whole page (boosted to body, a
    selection, a step back in history) it says `HX-Request-Type: full`.
    """
    headers = request.headers
    if headers.get("HX-Request") != "true" or headers.get("HX-Request-Type") == "full":
        return ""
    if headers.get("HX-History-Restore-Request") == "true":
        return ""
    return unquote(headers.get("HX-Target", "").partition("#")[2])


def render(
    request: HttpRequest,
    page: str,
    context: Mapping[str, Any] | None = None,
    *,
    partials: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the partial whose root the request targets, else the page, both from one context.

    `partials` maps the id of each root to its template; the client never names a template.
    """
    template = (partials or {}).get(target_id(request), page)
    response = render_template(request, template, dict(context or {}), status=status)
    patch_vary_headers(response, HEADERS)
    return response


def refreshes_itself(request: HttpRequest) -> bool:
    """Tell the request of a part that asks for itself, by its clock or the page's, from what a person does.

    Such a part is source and target at once; no link, button or form of ours is.
    """
    source = request.headers.get("HX-Source", "")
    is_part = request.headers.get("HX-Request") == "true" and request.method == "GET"
    return is_part and source != "" and source == request.headers.get("HX-Target")


def aim_error(request: HttpRequest, *, response: HttpResponseBase) -> None:
    """Show an error page in place of the page's content, since htmx swaps it into the target otherwise.

    A part that refreshes itself (it is its own target) keeps its figures when the server fails.
    """
    if request.headers.get("HX-Request") != "true" or response.status_code not in PAGE_ERRORS:
        return
    if response.status_code >= SERVER_ERROR and refreshes_itself(request):
        response["HX-Reswap"] = "none"
    else:
        response["HX-Retarget"] = response["HX-Reselect"] = "#main"
        response["HX-Reswap"] = "outerHTML"
