"""Find the days on which every sync of one balance failed."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from balances.models import Coverage
from balances.results import Context, Row
from providers.models import Outcome, RunScope, RunStatus, SyncRun

DAY = timedelta(days=1)
FAILED = (RunStatus.FAILED, RunStatus.ABANDONED)


def failed_days(row: Row, days: Sequence[date], *, context: Context) -> frozenset[date]:
    """Return the days with syncs none of which read the balance's scope, or held what it read.

    Time: days are those of the current zone.
    """
    covered = _covered(row, days, context=context)
    open_days = [day for day in days if day not in covered]
    if not open_days:
        return frozenset()
    begin, end = _start(open_days[0]), _start(open_days[-1] + DAY)
    outcomes = RunScope.objects.for_tenant(context.tenant).filter(
        scope__balances__public_id=row.public_id, at__gte=begin, at__lt=end
    )
    runs = SyncRun.objects.for_tenant(context.tenant).filter(
        credential__public_id=row.credential_public_id,
        status__in=FAILED,
        started_at__gte=begin,
        started_at__lt=end,
    )
    tried = set(map(_day, runs.values_list("started_at", flat=True).order_by()))
    held: set[date] = set()
    for at, outcome in outcomes.values_list("at", "outcome").order_by():
        (tried if outcome == Outcome.FAILED else held).add(_day(at))
    return frozenset(open_days) & tried - held


def _covered(row: Row, days: Sequence[date], *, context: Context) -> frozenset[date]:
    """Return the days in which its scope was read."""
    intervals = Coverage.objects.for_tenant(context.tenant).filter(
        scope__balances__public_id=row.public_id, ended_at__gte=_start(days[0])
    )
    spans = intervals.values_list("started_at", "ended_at").order_by()
    return frozenset(
        day
        for first, last in spans
        for day in _from_to(max(_day(first), days[0]), min(_day(last), days[-1]))
    )


def _from_to(first: date, last: date) -> Iterator[date]:
    return (first + DAY * n for n in range((last - first).days + 1))


def _day(at: datetime) -> date:
    return timezone.localdate(at)


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
