"""Prepare a history for balances/_plot.html: lines, axis, dates, and the table with the same figures."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.closings.lines import Figures, axis_of, gaps, line

WIDTH, HEIGHT = 1000, 200
RANGES = {
    "7": gettext_lazy("7 d"),
    "30": gettext_lazy("30 d"),
    "90": gettext_lazy("90 d"),
    "365": gettext_lazy("1 y"),
}
USUAL = "30"
MOST_DATES = 7
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line: what it shows, how it is drawn, its figures by day, None where nothing was confirmed."""

    css: str
    figures: Figures


def window(*, today: date, days: int, first: date) -> list[date]:
    """Return the days to draw up to today, from the first closed one, so many that dates divide them evenly."""
    span = min(days, max((today - first).days, 1))
    if span > MOST_DATES:
        span = min(days, *(span + -span % parts for parts in (6, 5, 4)))
    return [today - DAY * n for n in range(span, -1, -1)]


def plotted(
    series: Sequence[Series], *, days: Sequence[date], failed: Collection[date] = ()
) -> dict[str, Any]:
    """Return the drawing of one currency's lines over the days; the first line is the main one.

    `failed` are the days to mark because every sync failed.
    """
    shown = [value for each in series for value in each.figures if value is not None]
    axis = axis_of(shown)
    top, bottom = Decimal(0), Decimal(HEIGHT)
    lines = [
        (each, line(each.figures, axis=axis, width=WIDTH, top=top, bottom=bottom))
        for each in series
    ]
    steps = len(axis.marks) - 1
    missing = gaps(series[0].figures, width=WIDTH)
    return {
        "y": axis.labels,
        "grid": [HEIGHT - HEIGHT * n // steps for n in range(steps + 1)],
        "gaps": [{"x": x, "width": width} for x, width in missing],
        "lines": [{"css": each.css, "path": drawn.path} for each, drawn in lines],
        "end": lines[0][1].end,
        "failed": [
            Decimal(WIDTH * n) / (len(days) - 1) for n, day in enumerate(days) if day in failed
        ],
        "x": _dates(days),
        "from_text": axis.labels[0] if axis.low else "",
        "has_gaps": bool(missing),
        "is_drawn": bool(shown),
    }


def _dates(days: Sequence[date]) -> list[dict[str, Any]]:
    """Choose dates at even spaces; on phones every other one, or the two ends."""
    span = len(days) - 1
    parts = span if span <= MOST_DATES else next((n for n in (6, 5, 4) if span % n == 0), 1)
    return [
        {
            "text": day_text(days[span * n // parts], today=days[-1]),
            "skip": bool(n % 2 if parts % 2 == 0 else 0 < n < parts),
        }
        for n in range(parts + 1)
    ]


def day_text(day: date, *, today: date) -> str:
    """Write a day: this year's without the year."""
    return format_date(day, "j M" if day.year == today.year else "j M Y")


def clock_text(at: datetime) -> str:
    """Write the time of a day, in the current zone."""
    return timezone.localtime(at).strftime("%H:%M")


def so_far_text(at: datetime) -> str:
    """Say how far today's figure is confirmed, in the words of every chart: so far, 19:23."""
    return _("so far, %(time)s") % {"time": clock_text(at)}


def range_fault(params: QueryDict) -> dict[str, str]:
    """Say that a range is not offered, and lead to the usual one."""
    text = _("The range “%(value)s” is not offered: choose 7, 30, 90 or 365 days.")
    return {"text": text % {"value": params.get("range", "")[:40]}, "url": without(params, "range")}


def without(params: QueryDict, name: str) -> str:
    """Write the address's parameters without one of them."""
    copy = params.copy()
    copy.pop(name, None)
    return f"?{copy.urlencode()}"


def range_links(params: QueryDict, *, chosen: str) -> list[dict[str, Any]]:
    """Return a link per range that keeps everything else of the address."""
    return [
        {"label": label, "url": changed(params, range=code), "current": code == chosen}
        for code, label in RANGES.items()
    ]


def changed(params: QueryDict, **values: str) -> str:
    """Write the address's parameters with some of them changed."""
    copy = params.copy()
    for name, value in values.items():
        copy[name] = value
    return f"?{copy.urlencode()}"


def range_of(params: Mapping[str, str]) -> str | None:
    """Return the range asked for, None for one there is not."""
    asked = params.get("range") or USUAL
    return asked if asked in RANGES else None
