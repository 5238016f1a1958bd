"""Compare what is held now with the last close: how far each total moved, its line, and who moved it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.closings import reading
from balances.closings.lines import line, tight_axis
from balances.closings.reading import Key, Movement
from balances.fields import EXACT
from balances.models import ClosingTotal
from balances.results import Context, Total
from balances.results.context import provider_label
from balances.views import plots
from balances.views.words import HOLDERS
from providers import currencies
from providers.money import places

DAY = timedelta(days=1)
SPARK_DAYS = 30
SPARK_WIDTH, SPARK_TOP, SPARK_BOTTOM = 100, Decimal(3), Decimal(21)


@dataclass(frozen=True, kw_only=True)
class Past:
    """What is kept of the days before today; `since` is the last closed one, None before there is any."""

    today: date
    now: datetime
    since: date | None
    first: date | None
    totals: Mapping[Key, Mapping[date, ClosingTotal]]
    movements: Sequence[Movement]

    def of(self, total: Total) -> Mapping[date, ClosingTotal]:
        """Return the days of one total."""
        return self.totals.get((total.currency, total.holder, total.counting), {})

    @property
    def since_text(self) -> str:
        """Name the close that figures are compared with."""
        if self.since is None:
            return ""
        day = plots.day_text(self.since, today=self.today)
        return _("since close of %(day)s") % {"day": day}


def load(context: Context) -> Past:
    """Read what the cards and the changes need; call it in the snapshot the totals are read in."""
    since = reading.last_day(context.tenant)
    today = timezone.localdate(context.now)
    begin = today - DAY * SPARK_DAYS
    return Past(
        today=today,
        now=context.now,
        since=since,
        first=reading.first_day(context.tenant) if since else None,
        totals=reading.totals_since(context.tenant, since=min(begin, since)) if since else {},
        movements=reading.largest_movements(context.tenant, since=since) if since else [],
    )


def nothing(context: Context) -> Past:
    """Stand for a past that is not known."""
    today = timezone.localdate(context.now)
    return Past(today=today, now=context.now, since=None, first=None, totals={}, movements=[])


# --- Cards ----------------------------------------------------------------------------------------
def card(total: Total, *, past: Past) -> dict[str, Any]:
    """Return what a card says of its past: `since` (change, text, why) and `spark`; nothing before a close."""
    if past.since is None:
        return {}
    why = _why_not(total, past.of(total).get(past.since))
    then = None if why else past.of(total)[past.since].available
    change = None if why else EXACT.subtract(total.available.sum or Decimal(0), then or Decimal(0))
    return {
        "since": {"change": change, "text": past.since_text, "why": why},
        "spark": _spark(total, past=past),
    }


def _why_not(total: Total, then: ClosingTotal | None) -> str:
    """Say why today's total and a closing do not compare; nothing when they do."""
    if then is None:
        return _("Not comparable: nothing was known of it at that close.")
    if total.available.sum is None or then.available is None:
        return _("Not comparable: no figure was reported.")
    if total.rows - total.available.reported != then.rows - then.available_reported:
        silent = then.rows - then.available_reported
        counted = {"n": silent, "rows": then.rows}
        return (
            ngettext(
                "Not comparable: %(n)d of %(rows)d balances had no figure at that close.",
                "Not comparable: %(n)d of %(rows)d balances had no figure at that close.",
                silent,
            )
            % counted
        )
    return ""


def _spark(total: Total, *, past: Past) -> dict[str, Any] | None:
    """Draw up to thirty closings and today so far; None when there is no line to draw."""
    known = past.of(total)
    if past.since is None or not known:
        return None
    begin = max(min(known), past.since - DAY * (SPARK_DAYS - 1))
    days = [begin + DAY * n for n in range((past.since - begin).days + 1)]
    figures = [*(drawn(known.get(day)) for day in days), drawn_now(total, today=past.today)]
    shown = [value for value in figures if value is not None]
    if len(shown) < 2:
        return None
    traced = line(
        figures, axis=tight_axis(shown), width=SPARK_WIDTH, top=SPARK_TOP, bottom=SPARK_BOTTOM
    )
    return {"path": traced.path, "end": traced.end}


def drawn(total: ClosingTotal | None) -> Decimal | None:
    """Return a closing's sum to draw, None where nothing was confirmed."""
    return total.available if total is not None and total.confirmed else None


def drawn_now(total: Total, *, today: date) -> Decimal | None:
    """Return today's sum to draw, None where nothing was confirmed today; a later failure takes nothing back."""
    days = [timezone.localdate(each.last) for each in total.reads.values() if each.last]
    return total.available.sum if today in days else None


# --- Changes --------------------------------------------------------------------------------------
def changes(totals: Sequence[Total], *, past: Past, slug: str) -> dict[str, Any]:
    """Return the context of dashboard/_changes.html: per live currency and holder what moved farthest."""
    moved = {(each.currency, each.holder): each for each in past.movements}
    live = [(each.currency, each.holder) for each in totals if each.counting == "LIVE"]
    shown = [moved[key] for key in live if key in moved]
    return {
        "since_text": past.since_text,
        "moved": [
            {
                "currency": each.currency,
                "name": each.account_name,
                "url": reverse("balances:detail", args=[slug, each.public_id]),
                "change": each.change,
                "decimals": currencies.exponent(each.currency),
                "note": f"{provider_label(each.provider)}, {HOLDERS[each.holder]}",
            }
            for each in shown
        ],
        "dp": max([2, *(_decimals(each) for each in shown)]),
    }


def _decimals(moved: Movement) -> int:
    return max(currencies.exponent(moved.currency), places(moved.change))
