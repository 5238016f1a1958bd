"""Read closings for pages: the last closed day, totals by day, one balance's days, what moved since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from balances.fields import EXACT
from balances.models import Closing, ClosingDay, ClosingTotal
from providers.tenancy.models import Tenant

CHUNK = 2_000
Key = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Movement:
    """How far one balance moved since a close; Units: natural units of `currency`."""

    public_id: str
    account_name: str
    provider: str
    currency: str
    holder: str
    change: Decimal


def last_day(tenant: Tenant) -> date | None:
    """Return the last day that was closed."""
    found = ClosingDay.objects.for_tenant(tenant).order_by("-business_date")
    day: date | None = found.values_list("business_date", flat=True).first()
    return day


def first_day(tenant: Tenant) -> date | None:
    """Return the first day that was closed."""
    found = ClosingDay.objects.for_tenant(tenant).order_by("business_date")
    day: date | None = found.values_list("business_date", flat=True).first()
    return day


def totals_since(
    tenant: Tenant, *, since: date, key: Key | None = None
) -> dict[Key, dict[date, ClosingTotal]]:
    """Return totals by currency, holder and counting, then by day; `key` asks for one of them alone."""
    totals = ClosingTotal.objects.for_tenant(tenant).filter(business_date__gte=since)
    if key is not None:
        totals = totals.filter(currency=key[0], holder=key[1], counting=key[2])
    found: dict[Key, dict[date, ClosingTotal]] = {}
    for total in totals:
        days = found.setdefault((total.currency, total.holder, total.counting), {})
        days[total.business_date] = total
    return found


def of_balance(tenant: Tenant, *, public_id: str) -> QuerySet[Closing]:
    """Select one balance's closings, oldest first."""
    rows: QuerySet[Closing] = Closing.objects.for_tenant(tenant).filter(
        balance__public_id=public_id
    )
    return rows.order_by("business_date")


_MOVED = (
    "balance__public_id",
    "balance__account__display_name",
    "balance__account__name",
    "balance__account__external_ref",
    "balance__account__credential__provider",
    "balance__currency",
    "holder",
    "balance__available",
    "available",
)


def largest_movements(tenant: Tenant, *, since: date) -> list[Movement]:
    """Return per currency and holder the live balance that moved farthest since the close of a day.

    Only balances that count now as they did then are compared; the others did not move, they were moved.
    """
    still = Q(balance__account__closed_at=None, balance__scope__closed_at=None) & Q(
        counting="LIVE", balance__counting="LIVE", balance__holder=F("holder")
    )
    reported = Q(available__isnull=False, balance__available__isnull=False)
    rows = Closing.objects.for_tenant(tenant).filter(still, reported, business_date=since)
    moved = rows.filter(~Q(available=F("balance__available"))).order_by("balance_id")
    found: dict[tuple[str, str], Movement] = {}
    for row in moved.values_list(*_MOVED).iterator(chunk_size=CHUNK):
        each = _movement(row)
        known = found.get((each.currency, each.holder))
        if known is None or abs(each.change) > abs(known.change):
            found[each.currency, each.holder] = each
    return list(found.values())


def _movement(row: Sequence[Any]) -> Movement:
    public_id, display_name, name, ref, provider, currency, holder, now, then = row
    return Movement(
        public_id=public_id,
        account_name=display_name or name or ref,
        provider=provider,
        currency=currency,
        holder=holder,
        change=EXACT.subtract(now, then),
    )
