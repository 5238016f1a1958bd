"""Turn decoded answers into rows, each failure naming its place in the answer."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Context, Decimal
from typing import Any

from providers.errors import Unreadable
from providers.rows import BalanceRow, Flag, RowError, currency_code, provider_time

# The thread's own context keeps 28 digits and would drop the rest of a sum unseen.
_EXACT = Context(prec=60)


def row(*, place: str, names: Mapping[str, str], currency: str, **attributes: Any) -> BalanceRow:
    """Make one row; `names` maps its attributes to the provider's field names.

    Currency: any spelling of a code, upper-cased here.
    Raises: Unreadable, with the index and field of what does not validate.
    """
    try:
        return BalanceRow(currency=currency_code(currency), **attributes)
    except RowError as fault:
        raise Unreadable(
            str(fault).partition(": ")[2], field=join(place, names.get(fault.field, fault.field))
        ) from None


def moment(
    claimed: datetime | None, *, received_at: datetime, field: str
) -> tuple[datetime | None, frozenset[Flag]]:
    """Return a balance's own time, a future one held back to the receipt and flagged.

    Raises: Unreadable, for a time without an offset.
    """
    if claimed is None:
        return None, frozenset()
    try:
        return provider_time(claimed, received_at=received_at)
    except RowError as fault:
        raise Unreadable(str(fault), field=field) from None


def add(first: Decimal, second: Decimal) -> Decimal:
    """Add two amounts of one balance exactly."""
    return _EXACT.add(first, second)


def check_unique(items: Iterable[tuple[object, str]]) -> None:
    """Refuse an answer that names one thing twice: neither of the two is the truth.

    Takes (what, place) pairs. Raises: Unreadable, at the second place.
    """
    seen: set[object] = set()
    for what, place in items:
        if what in seen:
            raise Unreadable("it occurs twice", field=place)
        seen.add(what)


def join(place: str, name: str) -> str:
    """Write a place in an answer as the decoder does, `$.items[3].id`."""
    return f"{place}.{name}" if name else place
