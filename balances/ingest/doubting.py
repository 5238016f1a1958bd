"""Doubt a reading that would change more than is likely, before it replaces anything.

Source: `providers/decisions.md`, "The unit of truth is a scope".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from balances.fields import EXACT
from balances.ingest.stored import Stored, by_key
from balances.models import HoldReason
from providers import currencies
from providers.rows import BalanceRow

FEWEST = 3
SHARE = Decimal("0.2")


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """What is doubtful about a reading: each reason with the balances concerned, the gravest first."""

    concerned: dict[HoldReason, list[Stored]]
    known: int

    def __bool__(self) -> bool:
        return bool(self.concerned)

    @property
    def reason(self) -> HoldReason:
        """Return the gravest reason."""
        return next(iter(self.concerned))

    @property
    def detail(self) -> str:
        """Say how many of how many, without names or amounts."""
        return f"{len(self.concerned[self.reason])} of {self.known}"


def doubt(rows: Iterable[BalanceRow], *, stored: Iterable[Stored], scope_id: int) -> Doubt:
    """Compare the rows of a whole reading with what stood until now.

    Only a watched balance of the scope may be gone; but whatever was ever read, missing, closed or moved here
    from another scope, has a figure that the row would replace.
    """
    read = by_key(known for known in stored if known.was_read)
    watched = {
        key: known for key, known in read.items() if known.is_watched and known.scope_id == scope_id
    }
    now = {(row.account_ref, row.currency): row for row in rows}
    pairs = [(known, now[key]) for key, known in read.items() if key in now]
    found = {
        HoldReason.SCALE: [known for known, row in pairs if _is_rescaled(known, row)],
        HoldReason.DROPPED: [known for key, known in watched.items() if key not in now],
        HoldReason.ZEROED: [known for known, row in pairs if _is_zeroed(known, row)],
    }
    most = max(Decimal(FEWEST), SHARE * len(watched))
    concerned = {
        reason: list_
        for reason, list_ in found.items()
        if list_ and (reason == HoldReason.SCALE or len(list_) > most)
    }
    compared = watched.keys() | (read.keys() & now.keys())
    return Doubt(concerned=concerned, known=len(compared))


def _is_zeroed(known: Stored, row: BalanceRow) -> bool:
    """Tell whether money that was there is now exactly none."""
    return any(known.figures) and bool(row.amounts) and not any(row.amounts)


def _is_rescaled(known: Stored, row: BalanceRow) -> bool:
    """Tell whether a figure moved by exactly 10^decimals, as a change of unit would move it."""
    pairs = zip(known.figures, (row.available, row.pending, row.ledger), strict=True)
    moved = [(old, new) for old, new in pairs if old and new and old != new]
    if not moved:
        return False
    scale = _scale(known, row)
    return scale > 0 and any(_is_scaled(old, new, scale) for old, new in moved)


def _is_scaled(old: Decimal, new: Decimal, scale: int) -> bool:
    return EXACT.scaleb(old, scale) == new or EXACT.scaleb(new, scale) == old


def _scale(known: Stored, row: BalanceRow) -> int:
    """Return the scale the provider stated, then or now, else the currency's."""
    for stated in (known.decimals, row.decimals):
        if stated is not None:
            return stated
    return currencies.exponent(row.currency)
