"""List the balances that a query asks for."""

import re
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from balances import results
from balances.columns import COLUMNS
from balances.query.faults import QueryError
from balances.query.parse import parse
from balances.query.tree import BalanceQuery
from balances.views import faults, filters, verbs
from balances.views.columns import columns_menu, settled
from balances.views.freshness import freshness
from balances.views.links import Links
from balances.views.news import PART, news
from balances.views.pages import pill
from balances.views.sorting import group_menu, sort_menu
from balances.views.starting import nothing_yet
from balances.views.table import table
from balances.views.words import labels
from providers.tenancy import htmx
from providers.tenancy.scoping import Action, TenantRequest, may, role_required

PARTIALS = {"balances-table": "balances/_table.html", PART: "balances/_news.html"}


@require_GET
@role_required(Action.READ)
def balance_list(request: TenantRequest, tenant: str) -> HttpResponse:
    """List what the address asks for; an address not understood shows no rows and says why, with 422.

    What a form sends without htmx leads to the one address of the view.
    """
    context = results.Context.load(request.tenant, now=timezone.now())
    zone = ZoneInfo(request.tenant.time_zone)
    params, asked = verbs.split(request.GET)
    try:
        query = verbs.obey(settled(parse(params, zone=zone)), asked)
        links = _links(request, query)
        if verbs.is_form(params, asked) and not htmx.target_id(request):
            return HttpResponseRedirect(links.to(query))
        page = results.page(query, context=context)
    except QueryError as error:
        return _refused(request, params, error, context=context, zone=zone)
    if htmx.target_id(request) == PART:
        return _told(request, page, links=links, context=context)
    shown = table(query, page, links=links, context=context, zone=zone)
    if not page.tenant_count:
        shown["empty"] = nothing_yet(context, role=request.role)
    response = _render(request, shown, page.facets, query, links=links, context=context)
    if htmx.target_id(request):
        response["HX-Push-Url"] = _pushed(request, links.to(query))
    return response


def _told(
    request: TenantRequest, page: results.Page, *, links: Links, context: results.Context
) -> HttpResponse:
    """Answer a page that asks by itself: nothing, or that there are new figures."""
    found = news(request, page)
    if found is None:
        return HttpResponse(status=204)
    values = {"news": found, "this_url": links.page(page.number), "now": context.now}
    return htmx.render(request, "balances/list.html", values, partials=PARTIALS)


def _pushed(request: TenantRequest, address: str) -> str:
    """Return the address for the browser's history, which does not hold the same page twice."""
    is_here = request.headers.get("HX-Current-URL") == request.build_absolute_uri(address)
    return "false" if is_here or htmx.refreshes_itself(request) else address


def _refused(
    request: TenantRequest,
    params: QueryDict,
    error: QueryError,
    *,
    context: results.Context,
    zone: ZoneInfo,
) -> HttpResponse:
    """Answer with no rows and every fault; controls and links keep what was understood.

    A page that asks by itself keeps what it shows.
    """
    if htmx.target_id(request) == PART:
        return HttpResponse(status=204)
    query = _understood(params, error, zone=zone)
    links = _links(request, query)
    at = faults.beside(error.faults)
    shown = {
        "faults": faults.told(error.faults),
        "at": at,
        "pager": faults.way_out(query, at=at, links=links),
        "clear_url": links.to(query),
        "spoken": _("Nothing is shown: this address was not understood"),
    }
    found = results.facets(context)
    return _render(request, shown, found, query, links=links, context=context, status=422)


def _understood(params: QueryDict, error: QueryError, *, zone: ZoneInfo) -> BalanceQuery:
    """Return the query without the parameters at fault; the default one where nothing can be saved."""
    rest = params.copy()
    for fault in error.faults:
        rest.pop(re.split(r"[\[/]", fault.path)[0], None)
    try:
        return settled(parse(rest, zone=zone))
    except QueryError:
        return BalanceQuery()


def _render(
    request: TenantRequest,
    shown: dict[str, Any],
    found: results.Facets,
    query: BalanceQuery,
    *,
    links: Links,
    context: results.Context,
    status: int = 200,
) -> HttpResponse:
    zone = ZoneInfo(request.tenant.time_zone)
    values = {
        "table": shown,
        "now": context.now,
        "list_url": links.path,
        "this_url": links.page(query.page),
        "q": request.GET.get("q", "") if shown["faults"] else query.q,
        "keep_q": request.headers.get("HX-Source") == "form#view",
        "freshness": freshness(
            found, shown.get("totals", []), gaps=results.gaps(context), links=links, now=context.now
        ),
        "export": _export(request, query, shown) if status == 200 else None,
        "may_export": may(request.role, action=Action.EXPORT),
        "may_sync": may(request.role, action=Action.SYNC),
        "oob": bool(htmx.target_id(request)),
        "is_refresh": htmx.refreshes_itself(request),
        "sync_pill": pill(request, context),
        **_controls(query, found, shown, links=links, context=context, zone=zone),
    }
    return htmx.render(request, "balances/list.html", values, partials=PARTIALS, status=status)


def _controls(
    query: BalanceQuery,
    found: results.Facets,
    shown: dict[str, Any],
    *,
    links: Links,
    context: results.Context,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """Return the context of the menus around the table; its `at` says what is at fault at which."""
    words = labels(context)
    at = shown.get("at", {})
    pills = filters.pills(query, found=found, links=links, words=words, zone=zone, faults=at)
    return {
        "control_faults": at,
        "pills": pills,
        "kept": filters.kept(query, held=[pill["name"] for pill in pills]),
        "tabs": filters.tabs(query, links=links, is_shown=not shown["faults"]),
        "sort_menu": sort_menu(query, links=links),
        "group_menu": group_menu(query, links=links),
        "columns_menu": columns_menu(query, links=links),
    }


def _links(request: TenantRequest, query: BalanceQuery) -> Links:
    return Links(path=reverse("balances:list", args=[request.tenant.slug]), query=query)


def _export(
    request: TenantRequest, query: BalanceQuery, shown: dict[str, Any]
) -> dict[str, str] | None:
    """Return the addresses of the files, with the very query of the page, and which columns they have."""
    if not may(request.role, action=Action.EXPORT):
        return None
    slug = request.tenant.slug
    query_string = urlsplit(Links(path="", query=query).page(1)).query
    suffix = f"?{query_string}" if query_string else ""
    columns = _("all %(n)d columns") % {"n": len(COLUMNS)}
    if query.columns:
        columns = _("these %(n)d columns") % {"n": len(query.columns)}
    return {
        "label": _("%(count)s balances, as filtered and sorted here") % {"count": shown["count"]},
        "columns": columns,
        "xlsx_url": reverse("balances:xlsx", args=[slug]) + suffix,
        "csv_url": reverse("balances:csv", args=[slug]) + suffix,
    }
