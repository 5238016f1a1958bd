"""Put totals into words: how many rows report, what is negative in them, and their states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.results import AmountTotal, Reads, Total
from balances.states import STATES
from balances.views.words import COUNTING, HOLDERS
from providers import currencies
from providers.money import places

# What asks most for a person comes first.
TROUBLES = ("not_synced", "held", "missing", "stale", "paused", "never", "closed")


@dataclass(frozen=True, kw_only=True)
class FigureView:
    """One sum; `from_text` says of how many rows, unless all report it or none.

    `negative_count` is written as it is read, and empty where nothing is negative.
    """

    sum: Decimal | None
    from_text: str
    negative: Decimal
    negative_count: str


@dataclass(frozen=True, kw_only=True)
class TotalView:
    """The total of one currency, holder and counting; `part` names one that is no plain total.

    Time: `oldest` is our oldest reading that confirmed one of its rows; `reads` are those readings by state.
    `tags` are the `state_tags` of those readings.
    """

    currency: str
    holder: str
    holder_code: str
    part: str
    decimals: int
    places: int
    rows: int
    rows_text: str
    available: FigureView
    pending: FigureView
    ledger: FigureView
    tags: Sequence[Mapping[str, Any]]
    oldest: datetime | None
    reads: Mapping[str, Reads]


def total_views(totals: Sequence[Total]) -> list[TotalView]:
    """Prepare totals in the order given."""
    return [total_view(total) for total in totals]


def total_view(total: Total) -> TotalView:
    """Prepare one total."""
    figures = (total.available, total.pending, total.ledger)
    shown = [figure.sum for figure in figures if figure.sum is not None]
    decimals = currencies.exponent(total.currency)
    return TotalView(
        currency=total.currency,
        holder=str(HOLDERS[total.holder]),
        holder_code=total.holder,
        part="" if total.counting == "LIVE" else str(COUNTING[total.counting]),
        decimals=decimals,
        places=max([decimals, *map(places, shown)]),
        rows=total.rows,
        rows_text=ngettext("%(n)s balance", "%(n)s balances", total.rows)
        % {"n": f"{total.rows:,}"},
        available=figure_view(total.available, rows=total.rows),
        pending=figure_view(total.pending, rows=total.rows),
        ledger=figure_view(total.ledger, rows=total.rows),
        tags=state_tags(total.reads),
        oldest=total.oldest_read,
        reads=total.reads,
    )


def figure_view(figure: AmountTotal, *, rows: int) -> FigureView:
    """Prepare one sum of `rows` rows."""
    partial = 0 < figure.reported < rows
    return FigureView(
        sum=figure.sum,
        from_text=_("from %(n)s of %(rows)s") % {"n": f"{figure.reported:,}", "rows": f"{rows:,}"}
        if partial
        else "",
        negative=figure.negative_sum,
        negative_count=f"{figure.negative_count:,}" if figure.negative_count else "",
    )


def state_tags(reads: Mapping[str, Reads]) -> list[dict[str, Any]]:
    """Count the balances of each state that is not up to date: 7 not synced; nothing when all are."""
    return [
        {
            "tone": STATES[state].tone,
            "icon": STATES[state].icon,
            "text": _("%(n)s %(state)s")
            % {"n": f"{reads[state].rows:,}", "state": str(STATES[state].label).lower()},
        }
        for state in TROUBLES
        if state in reads
    ]
