"""Sum a day's closings per currency, holder and counting, exactly, and never across them."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, F, Min, Q

from balances.closings.days import Day
from balances.closings.selecting import Key, unknown
from balances.fields import AmountSum
from balances.models import Closing, ClosingTotal

AMOUNTS = ("available", "pending", "ledger")


def sum_up(day: Day) -> None:
    """Write the totals of a day whose closings are written."""
    made = totals(day, unread=unknown(day))
    ClosingTotal.objects.for_tenant(day.tenant).bulk_create(made)


def totals(day: Day, *, unread: Mapping[Key, int]) -> list[ClosingTotal]:
    """Return the totals of a day's closings, and of so many that were never read, unsaved."""
    sums = {(row["currency"], row["holder"], row["counting"]): row for row in _sums(day)}
    return [
        _total(day, key, sums=sums.get(key, _NOTHING), unread=unread.get(key, 0))
        for key in sorted(sums.keys() | unread.keys())
    ]


def _sums(day: Day) -> list[dict[str, Any]]:
    rows = Closing.objects.for_tenant(day.tenant).filter(business_date=day.date).order_by()
    groups = rows.values("holder", "counting", currency=F("balance__currency"))
    return list(groups.annotate(**_AGGREGATES))


def _of_amount(name: str) -> dict[str, Any]:
    below = Q((f"{name}__lt", 0))
    return {
        f"{name}_sum": AmountSum(name),
        f"{name}_reported": Count(name),
        f"{name}_negative": AmountSum(name, filter=below),
        f"{name}_negative_count": Count("pk", filter=below),
    }


_AGGREGATES: dict[str, Any] = {
    "n": Count("pk"),
    "confirmed": Count("pk", filter=Q(is_confirmed=True)),
    "oldest_at": Min("confirmed_at"),
    **{key: made for name in AMOUNTS for key, made in _of_amount(name).items()},
}
_NOTHING: Mapping[str, Any] = {
    name: None if name.endswith(("_sum", "_negative", "_at")) else 0 for name in _AGGREGATES
}


def _total(day: Day, key: Key, *, sums: Mapping[str, Any], unread: int) -> ClosingTotal:
    amounts = {name: sums[name] for name in _AGGREGATES if name.startswith(AMOUNTS)}
    currency, holder, counting = key
    return ClosingTotal(
        tenant=day.tenant,
        business_date=day.date,
        currency=currency,
        holder=holder,
        counting=counting,
        rows=sums["n"] + unread,
        confirmed=sums["confirmed"],
        carried=sums["n"] - sums["confirmed"],
        unknown=unread,
        oldest_at=sums["oldest_at"],
        **{name.removesuffix("_sum"): value for name, value in amounts.items()},
    )
