"""Make the closings that are due: a tenant's day in one transaction, once, and never again.

A day missed for want of workers is made later from the same observations, and comes out the same.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Max, Min, QuerySet

from balances.closings.days import DAY, Day, cutoff, days, is_ending, last_closed
from balances.closings.selecting import SELECTED, closings
from balances.closings.summing import sum_up
from balances.models import Closing, ClosingDay, Coverage
from providers.tenancy.models import Tenant


def due(*, now: datetime) -> list[int]:
    """Return the tenants that have a day to close."""
    made = ClosingDay.unscoped.order_by().values_list("tenant").annotate(Max("business_date"))
    last = dict(made)
    unmade = Coverage.unscoped.order_by().exclude(tenant__in=list(last))
    first = dict(unmade.values_list("tenant").annotate(Min("started_at")))
    return [
        tenant.pk
        for tenant in Tenant.objects.order_by("pk")
        if next(_ended(tenant, last=last.get(tenant.pk), first=first.get(tenant.pk), now=now), None)
    ]


def ending(*, now: datetime) -> list[int]:
    """Return the tenants whose day is about to end."""
    zones = Tenant.objects.values_list("pk", "time_zone")
    return [pk for pk, name in zones if is_ending(now, zone=ZoneInfo(name))]


def make(tenant: Tenant, *, now: datetime, most: int | None = None) -> list[date]:
    """Close the tenant's days that have ended, oldest first and at most so many; return those closed here."""
    made = (day for day in _unmade(tenant, now=now) if close(day, now=now))
    return [day.date for day in islice(made, most)]


def _unmade(tenant: Tenant, *, now: datetime) -> Iterator[Day]:
    last = ClosingDay.objects.for_tenant(tenant).aggregate(last=Max("business_date"))["last"]
    first = Coverage.objects.for_tenant(tenant).aggregate(first=Min("started_at"))["first"]
    zone = ZoneInfo(tenant.time_zone)
    for day in _ended(tenant, last=last, first=first, now=now):
        yield Day(tenant=tenant, date=day, cutoff=cutoff(day, zone=zone))


def _ended(
    tenant: Tenant, *, last: date | None, first: datetime | None, now: datetime
) -> Iterator[date]:
    """Yield the days after the last closed one, or from the first reading on."""
    zone = ZoneInfo(tenant.time_zone)
    until = last_closed(now, zone=zone)
    if last is not None:
        return days(last + DAY, until)
    if first is None:
        return iter(())
    # What is read at a cut-off to the instant still belongs to the day that ends with it.
    return days((first - timedelta.resolution).astimezone(zone).date(), until)


@transaction.atomic
def close(day: Day, *, now: datetime) -> bool:
    """Write a day's closings and totals, unless that was done; two at once wait for each other."""
    # Rows that refer to the tenant may go on being written meanwhile.
    Tenant.objects.select_for_update(no_key=True).get(pk=day.tenant.pk)
    made = ClosingDay.objects.for_tenant(day.tenant)
    if made.filter(business_date=day.date).exists():
        return False
    count = _insert(closings(day))
    sum_up(day)
    made.create(
        tenant=day.tenant,
        business_date=day.date,
        cutoff_at=day.cutoff,
        made_at=now,
        balances=count,
    )
    return True


def _insert(found: QuerySet[Any]) -> int:
    """Insert what a query selects, inside the database; amounts are copied in their stored form."""
    sql, params = found.query.get_compiler(connection=connection).as_sql()
    names = ", ".join(f'"{name}"' for name in SELECTED)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{Closing._meta.db_table}" ({names}) {sql}', params
        )  # our own names
        return int(cursor.rowcount)
