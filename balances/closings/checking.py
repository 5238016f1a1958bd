"""Find the days whose closings count a money twice, or whose totals are not their sum.

Each check yields one line per break, naming rows by kind and public id.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber

from balances.closings.counting import same_money
from balances.closings.days import Day
from balances.closings.summing import totals
from balances.models import DUPLICATES, Balance, Closing, ClosingDay, ClosingTotal, Counting
from providers.tenancy.models import Tenant

NOT_READ = (*DUPLICATES, Counting.MANUAL)
FIGURES = [
    field.attname
    for field in ClosingTotal._meta.concrete_fields
    if field.attname not in ("id", "public_id")
]


def counted_twice() -> Iterator[str]:
    """Yield the closings that count a money which another closing of their day counts."""
    for tenant in Tenant.objects.order_by("pk"):
        shared = Window(Count("pk"), partition_by=same_money())
        twins = Balance.objects.for_tenant(tenant).annotate(shared=shared).filter(shared__gt=1)
        counting = Closing.objects.for_tenant(tenant).exclude(counting__in=NOT_READ)
        place = Window(
            RowNumber(), partition_by=("business_date", *same_money("balance__")), order_by="pk"
        )
        found = counting.filter(balance__in=twins.values("pk")).annotate(place=place)
        yield from _named(found.filter(place__gt=1), "counts money that is counted that day")


def not_summed() -> Iterator[str]:
    """Yield the days and totals that do not say what their closings say."""
    for tenant in Tenant.objects.order_by("pk"):
        days = ClosingDay.objects.for_tenant(tenant).order_by("business_date")
        for made in days:
            yield from _departing(made, tenant=tenant)
        day = days.filter(business_date=OuterRef("business_date")).order_by()
        for model in (Closing, ClosingTotal):
            rows = model.objects.for_tenant(tenant).filter(~Exists(day))
            yield from _named(rows, "is of no closed day")


def _departing(made: ClosingDay, *, tenant: Tenant) -> Iterator[str]:
    of_day = {"business_date": made.business_date}
    kept = {_key(each): each for each in ClosingTotal.objects.for_tenant(tenant).filter(**of_day)}
    day = Day(tenant=tenant, date=made.business_date, cutoff=made.cutoff_at)
    unread = {key: each.unknown for key, each in kept.items() if each.unknown}
    right = {_key(each): each for each in totals(day, unread=unread)}
    for key, total in kept.items():
        if key not in right or _figures(total) != _figures(right[key]):
            yield f"closingtotal {total.public_id} is not the sum of its closings"
    if lacking := right.keys() - kept.keys():
        yield f"closingday {made.public_id} has closings that stand in no total ({len(lacking)})"
    if made.balances != sum(each.rows - each.unknown for each in right.values()):
        yield f"closingday {made.public_id} has more or fewer closings than it counts"


def _key(total: ClosingTotal) -> tuple[str, str, str]:
    return total.currency, total.holder, total.counting


def _figures(total: ClosingTotal) -> list[Any]:
    return [getattr(total, name) for name in FIGURES]


def _named(rows: QuerySet[Any], what: str) -> Iterator[str]:
    kind = rows.model.__name__.lower()
    for public_id in rows.order_by("pk").values_list("public_id", flat=True):
        yield f"{kind} {public_id} {what}"
