"""Show how one balance went from close to close, up to today so far."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from balances.closings import reading
from balances.fields import EXACT
from balances.models import Closing
from balances.results import Context, Row
from balances.states import STATES
from balances.views import plots
from balances.views.failures import failed_days
from providers.money import places


def history(row: Row, *, params: QueryDict, context: Context) -> dict[str, Any]:
    """Return the context of balances/_history.html; nothing for a closed balance without a past."""
    closings = reading.of_balance(context.tenant, public_id=row.public_id)
    first = closings.values_list("business_date", flat=True).first()
    chosen = plots.range_of(params)
    if first is None:
        return {} if row.state == "closed" else {"is_empty": True}
    if chosen is None:
        return {"fault": plots.range_fault(params)}
    today = timezone.localdate(context.now)
    days = plots.window(today=today, days=int(chosen), first=first)
    known = {each.business_date: each for each in closings.filter(business_date__gte=days[0])}
    return {
        "ranges": plots.range_links(params, chosen=chosen),
        "since": _since(row, known, today=today, context=context),
        **_drawing(row, days=days, known=known, failed=failed_days(row, days, context=context)),
    }


def _since(
    row: Row, known: Mapping[date, Closing], *, today: date, context: Context
) -> dict[str, Any] | None:
    """Return how far it moved since the last close; None when that did not know it, or it is closed."""
    day = reading.last_day(context.tenant)
    then = known.get(day) if day is not None else None
    if then is None or day is None or row.state == "closed":
        return None
    change = None
    if row.available is not None and then.available is not None:
        change = EXACT.subtract(row.available, then.available)
    text = _("Since close of %(day)s") % {"day": plots.day_text(day, today=today)}
    return {"label": text, "change": change}


def _drawing(
    row: Row, *, days: Sequence[date], known: Mapping[date, Closing], failed: frozenset[date]
) -> dict[str, Any]:
    today = days[-1]
    closed = [known.get(day) for day in days[:-1]]
    series = [_series(row, closed, name="available", css="", today=today)]
    pending = _series(row, closed, name="pending", css="pend", today=today)
    if any(value is not None for value in pending.figures):
        series.append(pending)
    names = {"available": _("Available"), "pending": _("Pending")}
    shown = list(names)[: len(series)]
    return {
        "plot": plots.plotted(series, days=days, failed=failed),
        "has_pending": len(series) > 1,
        "readout": {
            "currency": row.currency,
            "sum": row.available,
            "text": _("available, %(when)s") % {"when": _when(row, today=today)},
        },
        "figures": {
            "id": "balances-history-figures",
            "caption": _("%(code)s at each close") % {"code": row.currency},
            "heads": [names[name] for name in shown],
            "dp": _decimals(row, closed),
            "rows": [
                *(
                    _row(day, each, names=shown, today=today, is_failed=day in failed)
                    for day, each in zip(days, closed, strict=False)
                ),
                _row_now(row, names=shown, today=today),
            ],
        },
    }


def _series(
    row: Row, closed: Sequence[Closing | None], *, name: str, css: str, today: date
) -> plots.Series:
    """Return one figure by day, None where it was not confirmed; today's, so far, comes last."""
    past = [getattr(each, name) if each and each.is_confirmed else None for each in closed]
    now = getattr(row, name) if _day_of(row) == today else None
    return plots.Series(css=css, figures=[*past, now])


def _day_of(row: Row) -> date | None:
    """Return the day on which the figure was last confirmed."""
    return timezone.localdate(row.fetched_at) if row.fetched_at else None


def _when(row: Row, *, today: date) -> str:
    """Say when the figure was confirmed: today so far, 06:31, or the day and the time."""
    if row.fetched_at is None:
        return _("never read")
    day = timezone.localdate(row.fetched_at)
    if day == today:
        return _("today %(when)s") % {"when": plots.so_far_text(row.fetched_at)}
    return f"{plots.day_text(day, today=today)}, {plots.clock_text(row.fetched_at)}"


def _decimals(row: Row, closed: Sequence[Closing | None]) -> int:
    figures = [row.available, row.pending]
    figures += [value for each in closed if each for value in (each.available, each.pending)]
    needed = [places(value) for value in figures if value is not None]
    return max([row.decimals, *needed])


def _row(
    day: date, closing: Closing | None, *, names: Sequence[str], today: date, is_failed: bool
) -> dict[str, Any]:
    note = _note(closing, today=today)
    return {
        "date": day,
        "day": plots.day_text(day, today=today),
        "amounts": [getattr(closing, name) if closing else None for name in names],
        "note": _("%(note)s; every sync failed") % {"note": note} if is_failed else note,
    }


def _note(closing: Closing | None, *, today: date) -> str:
    """Say whether a closing was confirmed in time, else how old its figure was."""
    if closing is None:
        return _("no closing")
    if closing.is_confirmed:
        return _("yes")
    seen = timezone.localtime(closing.confirmed_at)
    when = f"{plots.day_text(seen.date(), today=today)}, {seen:%H:%M}"
    return _("carried forward from %(when)s") % {"when": when}


def _row_now(row: Row, *, names: Sequence[str], today: date) -> dict[str, Any]:
    """Return the row of today: its figure is of the time beside it, whatever became of the syncs since."""
    day, is_of_today = plots.day_text(today, today=today), _day_of(row) == today
    so_far = _("%(day)s, so far") % {"day": day}
    if is_of_today and row.fetched_at is not None:
        so_far = f"{day}, {plots.so_far_text(row.fetched_at)}"
    return {
        "date": today,
        "day": so_far,
        "amounts": [getattr(row, name) for name in names],
        "note": _note_now(row, today=today),
    }


def _note_now(row: Row, *, today: date) -> str:
    if row.state == "fresh":
        return _("yes")
    label = str(STATES[row.state].label).lower()
    if row.fetched_at is None or _day_of(row) == today:
        return label
    when = {"label": label, "when": _when(row, today=today)}
    return _("%(label)s, of %(when)s") % when
