"""Draw how one currency of one holder went from close to close, up to today so far."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from balances.closings import reading
from balances.models import ClosingTotal
from balances.results import Context, Total
from balances.views import plots
from balances.views.totals import state_tags
from balances.views.words import HOLDERS
from dashboard.past import DAY, SPARK_DAYS, Past, drawn, drawn_now
from providers import currencies
from providers.money import places


def history(
    totals: Sequence[Total], *, params: QueryDict, past: Past, context: Context
) -> dict[str, Any]:
    """Return the context of dashboard/_history.html; with `fault` when the address asks for what there is not.

    `totals` stand in the order of their cards.
    """
    live = [total for total in totals if total.counting == "LIVE"]
    total = _chosen(live, params.get("history", ""))
    chosen = plots.range_of(params)
    if not live:
        return {}
    if past.since is None:
        return {"is_empty": True}
    if total is None:
        return {"fault": _fault(params)}
    if chosen is None:
        return {"fault": plots.range_fault(params)}
    return {
        "currencies": _currencies(live, total, params=params),
        "holders": _holders(live, total, params=params),
        "ranges": plots.range_links(params, chosen=chosen),
        **_drawing(total, days=int(chosen), past=past, context=context),
    }


def _chosen(live: Sequence[Total], code: str) -> Total | None:
    if not code:
        return live[0] if live else None
    return next((total for total in live if code_of(total) == code), None)


def code_of(total: Total) -> str:
    """Write which currency and holder an address means: USD.own."""
    return f"{total.currency}.{total.holder.lower()}"


def _fault(params: QueryDict) -> dict[str, str]:
    text = _("There is no history of “%(value)s” here.")
    asked = params.get("history", "")[:40]
    return {"text": text % {"value": asked}, "url": plots.without(params, "history")}


def _currencies(live: Sequence[Total], chosen: Total, *, params: QueryDict) -> list[dict[str, Any]]:
    return [
        {
            "label": total.currency,
            "url": plots.changed(params, history=code_of(total)),
            "current": total is chosen,
        }
        for total in live
        if total.holder == chosen.holder
    ]


def _holders(live: Sequence[Total], chosen: Total, *, params: QueryDict) -> list[dict[str, Any]]:
    """Return a link per holder, to the same currency where that holder has it; none for one holder."""
    links = []
    for holder in dict.fromkeys(total.holder for total in live):
        held = [total for total in live if total.holder == holder]
        same = next((total for total in held if total.currency == chosen.currency), held[0])
        url = plots.changed(params, history=code_of(same))
        links.append({"label": HOLDERS[holder], "url": url, "current": holder == chosen.holder})
    return links if len(links) > 1 else []


def _drawing(total: Total, *, days: int, past: Past, context: Context) -> dict[str, Any]:
    shown = plots.window(today=past.today, days=days, first=past.first or past.today)
    key = (total.currency, total.holder, total.counting)
    known = past.of(total)
    if shown[0] < past.today - DAY * SPARK_DAYS:
        found = reading.totals_since(context.tenant, since=shown[0], key=key)
        known = found.get(key, {})
    closed = [known.get(day) for day in shown[:-1]]
    figures = [*map(drawn, closed), drawn_now(total, today=past.today)]
    exponent = currencies.exponent(total.currency)
    sums = [each.available for each in closed if each is not None and each.available is not None]
    decimals = max([exponent, *map(places, sums), places(total.available.sum or Decimal(0))])
    when = _so_far(total, past=past)
    name = f"{total.currency}, {HOLDERS[total.holder]}"
    return {
        "plot": plots.plotted([plots.Series(css="", figures=figures)], days=shown),
        "decimals": exponent,
        "name": name,
        "readout": {
            "currency": total.currency,
            "sum": total.available.sum,
            "text": _("available, today %(when)s") % {"when": when},
            "tags": state_tags(total.reads),
        },
        "figures": {
            "id": "dashboard-history-figures",
            "caption": _("%(name)s: available at each close") % {"name": name},
            "heads": [_("Available")],
            "dp": decimals,
            "rows": [
                *(_row(day, each, past=past) for day, each in zip(shown, closed, strict=False)),
                _row_now(total, past=past, so_far=when),
            ],
        },
    }


def _so_far(total: Total, *, past: Past) -> str:
    """Say of when today's sum is: of its oldest reading, since no part of it is younger than it says."""
    read = total.oldest_read
    if read is None:
        return _("so far, not known")
    day = timezone.localdate(read)
    if day == past.today:
        return plots.so_far_text(read)
    said = {"day": plots.day_text(day, today=past.today), "time": plots.clock_text(read)}
    return _("so far, the oldest from %(day)s, %(time)s") % said


def _row(day: date, closing: ClosingTotal | None, *, past: Past) -> dict[str, Any]:
    note = _("no closing")
    if closing is not None:
        note = _("%(n)s of %(rows)s") % {"n": closing.confirmed, "rows": closing.rows}
    return {
        "date": day,
        "day": plots.day_text(day, today=past.today),
        "amounts": [closing.available if closing else None],
        "note": note,
    }


def _row_now(total: Total, *, past: Past, so_far: str) -> dict[str, Any]:
    fresh = total.rows - total.not_fresh
    states = ", ".join(tag["text"] for tag in state_tags(total.reads))
    return {
        "date": past.today,
        "day": f"{plots.day_text(past.today, today=past.today)}, {so_far}",
        "amounts": [total.available.sum],
        "note": _("%(n)s of %(rows)s") % {"n": fresh, "rows": total.rows} if fresh else states,
    }
