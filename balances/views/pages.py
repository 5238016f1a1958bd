"""Show balances: the list that a query asks for, and one balance with its history."""

from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from balances import results
from balances.models import Account
from balances.query.faults import QueryError
from balances.query.parse import parse
from balances.query.tree import BalanceQuery
from balances.views import filters
from balances.views.detail import detail
from balances.views.forms import account_forms
from balances.views.freshness import freshness
from balances.views.history import history
from balances.views.links import Links
from balances.views.parts import attempt
from balances.views.sorting import group_menu, sort_menu
from balances.views.table import table
from balances.views.words import labels
from providers.decisions import DecisionForm
from providers.pill import sync_pill
from providers.tenancy import htmx
from providers.tenancy.scoping import Action, TenantRequest, may, role_required

PARTIALS = {"balances-table": "balances/_table.html"}


@require_GET
@role_required(Action.READ)
def balance_list(request: TenantRequest, tenant: str) -> HttpResponse:
    """List what the address asks for; an address not understood shows no rows and says why, with 422."""
    context = results.Context.load(request.tenant, now=timezone.now())
    zone = ZoneInfo(request.tenant.time_zone)
    try:
        query = parse(request.GET, zone=zone)
        page = results.page(query, context=context)
    except QueryError as error:
        return _refused(request, error, context=context, zone=zone)
    links = _links(request, query)
    shown = table(query, page, links=links, context=context, zone=zone)
    response = _render(request, shown, page.facets, query, links=links, context=context)
    if htmx.target_id(request):
        response["HX-Push-Url"] = links.to(query)
    return response


def _refused(
    request: TenantRequest, error: QueryError, *, context: results.Context, zone: ZoneInfo
) -> HttpResponse:
    """Answer with no rows and every fault; controls and links keep what was understood."""
    query = _understood(request.GET, error, zone=zone)
    links = _links(request, query)
    shown = {
        "faults": error.faults,
        "clear_url": links.to(query),
        "spoken": _("Nothing is shown: this address was not understood"),
    }
    found = results.facets(context)
    return _render(request, shown, found, query, links=links, context=context, status=422)


def _understood(params: QueryDict, error: QueryError, *, zone: ZoneInfo) -> BalanceQuery:
    """Return the query without the parameters at fault; the default one where nothing can be saved."""
    rest = params.copy()
    for fault in error.faults:
        rest.pop(fault.path.partition("[")[0], None)
    try:
        return parse(rest, zone=zone)
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
        "q": request.GET.get("q", "") if shown["faults"] else query.q,
        "control_faults": {
            fault.path.partition("__")[0]: fault.message for fault in shown["faults"]
        },
        "keep_q": request.headers.get("HX-Source") == "form#view",
        "kept": filters.kept(query),
        "pills": filters.pills(query, found=found, links=links, words=labels(context), zone=zone),
        "sort_menu": sort_menu(query, links=links),
        "group_menu": group_menu(query, links=links),
        "tabs": filters.tabs(query, links=links),
        "freshness": freshness(found, shown.get("totals", []), links=links, now=context.now),
        "export": _export(request, query, shown) if status == 200 else None,
        "may_export": may(request.role, action=Action.EXPORT),
        "may_sync": may(request.role, action=Action.SYNC),
        "oob": bool(htmx.target_id(request)),
        "sync_pill": pill(request, context),
    }
    return htmx.render(request, "balances/list.html", values, partials=PARTIALS, status=status)


def pill(request: TenantRequest, context: results.Context) -> dict[str, str] | None:
    """Return what the bar says of the connections, from credentials already read."""
    linked = may(request.role, action=Action.READ_PROVIDERS)
    return sync_pill(context.stored, slug=request.tenant.slug, now=context.now, linked=linked)


def _links(request: TenantRequest, query: BalanceQuery) -> Links:
    return Links(path=reverse("balances:list", args=[request.tenant.slug]), query=query)


def _export(
    request: TenantRequest, query: BalanceQuery, shown: dict[str, Any]
) -> dict[str, str] | None:
    """Return the addresses of the files, with the very query of the page."""
    if not may(request.role, action=Action.EXPORT):
        return None
    slug = request.tenant.slug
    query_string = urlsplit(Links(path="", query=query).page(1)).query
    suffix = f"?{query_string}" if query_string else ""
    return {
        "label": _("%(count)s balances, as filtered and sorted here") % {"count": shown["count"]},
        "xlsx_url": reverse("balances:xlsx", args=[slug]) + suffix,
        "csv_url": reverse("balances:csv", args=[slug]) + suffix,
    }


@require_GET
@role_required(Action.READ)
def balance_detail(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Show one balance: its figures, its source, its observations and the runs that read it."""
    return detail_page(request, public_id)


def detail_page(
    request: TenantRequest, public_id: str, *, refused: DecisionForm | None = None
) -> HttpResponse:
    """Show one balance, with a decision about it that was refused, as it was typed and with 422.

    Raises: Http404.
    """
    context = results.Context.load(request.tenant, now=timezone.now())
    row = results.one(public_id, context=context)
    if row is None:
        raise Http404
    values = detail(row, context=context, role=request.role)
    values["sync_pill"] = pill(request, context)
    values["history"] = past = attempt(
        lambda: history(row, params=request.GET, context=context), name="history of a balance"
    )
    account: Account = values["account"]
    values["forms"] = account_forms(account, today=values["today"], refused=refused)
    values["refused"] = refused
    status = 422 if refused or "fault" in past else 200
    parts = {"balances-history": "balances/_history.html"}
    return htmx.render(request, "balances/detail.html", values, partials=parts, status=status)
