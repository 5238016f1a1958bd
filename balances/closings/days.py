"""Say when a business day ends, and which days have ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from providers.tenancy.models import Tenant

DAY = timedelta(days=1)
# Readings answered before the cut-off are written within this time.
SETTLE = timedelta(minutes=2)

# What is read this long before a cut-off is read for it.
LEAD = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One business day of one tenant; Time: `cutoff` is where it ends."""

    tenant: Tenant
    date: date
    cutoff: datetime


def cutoff(day: date, *, zone: ZoneInfo) -> datetime:
    """Return the instant a day ends, in UTC: the next midnight, or where a zone that skips it goes on."""
    return datetime.combine(day + DAY, time.min, tzinfo=zone).astimezone(UTC)


def last_closed(now: datetime, *, zone: ZoneInfo) -> date:
    """Return the latest day whose end has passed, and whose last readings are written."""
    return (now - SETTLE).astimezone(zone).date() - DAY


def is_ending(now: datetime, *, zone: ZoneInfo) -> bool:
    """Tell whether the day is about to end, so that what closes it is to be read now."""
    return cutoff(now.astimezone(zone).date(), zone=zone) - now <= LEAD


def days(first: date, last: date) -> Iterator[date]:
    """Yield every day from the first to the last."""
    return (first + DAY * n for n in range((last - first).days + 1))
