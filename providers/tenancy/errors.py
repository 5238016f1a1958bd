"""Answer failures with pages that say what happened and what to do, and reveal nothing else."""

import sys
from collections.abc import Callable, Mapping

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import requires_csrf_token

from providers.tenancy.context import theme_of
from providers.tenancy.people import admins_of
from providers.tenancy.roles import SUMMARIES
from providers.tenancy.scoping import Action
from providers.tenancy.sessions import came_from

IS_FOR: Mapping[Action | None, str | Promise] = {
    Action.READ_PROVIDERS: _("Providers and sync runs are for analysts, admins and auditors"),
    Action.EXPORT: _("Downloads are for analysts, admins and auditors"),
    Action.SYNC: _("Syncing is for analysts and admins"),
    Action.RENAME: _("Names are given by analysts and admins"),
    Action.READ_LOG: _("The activity log is for admins and auditors"),
    Action.READ_PEOPLE: _("People and roles are for admins and auditors"),
    Action.MANAGE_PEOPLE: _("People and roles are changed by admins"),
    Action.MANAGE_CREDENTIALS: _("Credentials are for admins"),
    Action.MANAGE_ACCOUNTS: _("Closing and moving accounts is for admins"),
    Action.DECIDE_HELD: _("Held readings are decided by admins"),
}
# By the first words of the URL name; the same for what is missing and for what belongs to others.
MISSING: Mapping[str, str | Promise] = {
    "balances:detail": _("There is no such balance here"),
    "providers:run": _("There is no such sync run here"),
    "providers:credential": _("There is no such credential here"),
    "member_": _("There is no such person here"),
}
RETRY_SECONDS = 30
# The limits at the door count by the minute.
WAIT_SECONDS = 60
REFERENCE_LENGTH = 8


def reference() -> str:
    """Return under what the log holds what happened in this request: the start of the request's id there."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    return request_id[:REFERENCE_LENGTH]


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403, naming who of the tenant could give the permission."""
    tenant = getattr(request, "tenant", None)
    context = {
        "admins": [str(admin) for admin in admins_of(tenant)] if tenant else [],
        "is_for": IS_FOR.get(getattr(exception, "action", None), _("Your role does not open this")),
        "may": SUMMARIES.get(getattr(request, "role", ""), ""),
    }
    return render(request, "403.html", context, status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 with the same page for what is missing and for what belongs to others."""
    match = request.resolver_match
    here = match.view_name if match else ""
    words = next((text for name, text in MISSING.items() if here.startswith(name)), None)
    return render(request, "404.html", {"words": words or _("There is nothing here")}, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what no page of ours sends: too large, too many parts, a host that is not ours."""
    context = {"theme": theme_of(request), "is_too_large": isinstance(exception, RequestDataTooBig)}
    return HttpResponse(render_to_string("400.html", context), status=400)


def too_many(request: HttpRequest) -> HttpResponse:
    """Answer 429, and tell machines when to come again."""
    headers = {"Retry-After": str(WAIT_SECONDS)}
    return HttpResponse(render_to_string("429.html", request=request), status=429, headers=headers)


class MethodMiddleware:
    """Give an address that only takes forms a page for who opens it, as by loading it again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Hold the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Fill an empty refusal with words."""
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = render_to_string("405.html", request=request)
        return response


def _is_of_cache(fault: BaseException | None) -> bool:
    """Tell the client's errors by its package: it is loaded where a cache is shared, and nowhere else."""
    return type(fault).__module__.partition(".")[0] == "redis"


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while database or cache cannot be reached, from templates that ask nothing of them.

    The reference is the start of the request's id in the log.
    """
    fault = sys.exc_info()[1]
    is_cache = _is_of_cache(fault)
    is_unavailable = is_cache or isinstance(fault, OperationalError | InterfaceError)
    is_reading = request.method in {"GET", "HEAD"}
    back = "" if is_reading else came_from(request)
    said = {"reference": reference(), "theme": theme_of(request), "back": back}
    context = {**said, "is_reading": is_reading, "is_cache": is_cache}
    if not is_unavailable:
        return HttpResponse(render_to_string("500.html", context), status=500)
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return HttpResponse(render_to_string("503.html", context), status=503, headers=headers)
