"""Show the overview: what is held where, in which currency, and whether to believe it."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from balances import charts, results
from balances.query.tree import BalanceQuery, Condition, Group
from balances.results import Total
from balances.results.totals import everything
from balances.views.freshness import freshness
from balances.views.links import Links
from balances.views.pages import pill
from balances.views.parts import attempt
from balances.views.starting import nothing_yet
from balances.views.totals import total_views
from dashboard import bars, history, past, standing, strip
from dashboard.past import Past, card
from providers.tenancy import htmx
from providers.tenancy.scoping import Action, TenantRequest, may, role_required

PARTIALS = {
    "dashboard-health": "dashboard/_health.html",
    "dashboard-history": "dashboard/_history.html",
}
UNPROCESSABLE = 422


@require_GET
@role_required(Action.READ)
def overview(request: TenantRequest, tenant: str) -> HttpResponse:
    """Show health, a card per currency and holder, and who holds how much of each."""
    context = results.Context.load(request.tenant, now=timezone.now())
    query = BalanceQuery()
    links = Links(path=reverse("balances:list", args=[tenant]), query=query)
    with results.snapshot():
        held, found = everything(context)
        totals = results.merge(held)
        shares, parts = charts.read(query, context=context)
        ordered = _ordered(totals)
        before, drawn = _past(context, ordered, request)
    views = total_views(ordered)
    values = {
        "now": context.now,
        "may_sync": may(request.role, action=Action.SYNC),
        "this_url": request.path,
        "freshness": freshness(
            found, views, gaps=results.gaps(context), links=links, now=context.now
        ),
        **_health(context, held, role=request.role),
        "cards": _cards(ordered, past=before, links=links),
        "all_url": links.path,
        "all_text": _all_text(standing.count(held)),
        "export_url": _export_url(request),
        **bars.drawn(shares, parts, links=links),
        "history": drawn,
        "changes": past.changes(ordered, past=before, slug=tenant),
        "nothing": {"empty": {} if ordered else nothing_yet(context, role=request.role)},
        "sync_pill": pill(request, context),
    }
    status = UNPROCESSABLE if "fault" in drawn else 200
    return htmx.render(request, "dashboard/overview.html", values, partials=PARTIALS, status=status)


def _past(
    context: results.Context, ordered: Sequence[Total], request: TenantRequest
) -> tuple[Past, dict[str, Any]]:
    """Return the days before with the history drawn from them, or a past not known and `failed`."""
    before = past.nothing(context)

    def part() -> dict[str, Any]:
        nonlocal before
        before = past.load(context)
        return history.history(ordered, params=request.GET, past=before, context=context)

    drawn = attempt(part, name="history")
    return before, drawn


def _health(context: results.Context, held: Sequence[Total], *, role: str) -> dict[str, Any]:
    """Return the strip and the problems; `health_failed` where they cannot be read."""
    part = attempt(lambda: strip.health(context, held, role=role), name="sync health")
    return {"health_failed": part["failed"]} if "failed" in part else part


def _ordered(totals: list[Total]) -> list[Total]:
    """Put own money first, and what is no plain total last."""
    return sorted(totals, key=lambda t: (t.counting != "LIVE", t.holder != "OWN", t.currency))


def _cards(totals: Sequence[Total], *, past: Past, links: Links) -> list[dict[str, object]]:
    """Return a card per total."""
    return [
        {
            "total": view,
            "url": links.to(_query(total)),
            **card(total, past=past),
        }
        for total, view in zip(totals, total_views(totals), strict=True)
    ]


def _all_text(n: int) -> str:
    """Say how many balances the list shows."""
    return ngettext("See the balance", "See all %(n)s balances", n) % {"n": f"{n:,}"}


def _export_url(request: TenantRequest) -> str:
    """Return the workbook of all balances, whose sheet of totals is what is shown here; only for who may."""
    if not may(request.role, action=Action.EXPORT):
        return ""
    return reverse("balances:xlsx", args=[request.tenant.slug])


def _query(total: Total) -> BalanceQuery:
    """Ask for the rows a total adds up."""
    conditions = (
        Condition("currency", "eq", (total.currency,)),
        Condition("holder", "eq", (total.holder.lower(),)),
        Condition("counting", "eq", (total.counting.lower(),)),
    )
    return BalanceQuery(where=Group(filters=conditions))
