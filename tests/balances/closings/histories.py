"""Build a balance with a past: a figure a day, and days on which nothing could be read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from balances.closings.making import make
from balances.models import Balance, Coverage, Observation
from providers.models import AsOfSource, Credential, Scope
from tests.balances.builders import NOW, make_balance, make_scope
from tests.balances.readings import open_run

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def grow(
    credential: Credential,
    figures: Sequence[str | None],
    *,
    currency: str = "USD",
    now: datetime = NOW,
    **values: Any,
) -> Balance:
    """Save a balance that had these figures at one hour of each day up to now; None is a day without a reading."""
    begin = now - DAY * (len(figures) - 1) - timedelta(hours=1)
    scope = make_scope(credential, read_at=now - MINUTE)
    known = [each for each in figures if each is not None]
    balance = make_balance(credential, currency, known[-1], scope=scope, **values)
    run = open_run(credential)
    for number, figure in enumerate(figures):
        if figure is None:
            continue
        at = begin + DAY * number
        Observation.unscoped.create(
            tenant=credential.tenant,
            balance=balance,
            run=run,
            available=Decimal(figure),
            pending=balance.pending,
            as_of=at,
            as_of_source=AsOfSource.RESPONSE_DATE,
            fetched_at=at,
        )
        _cover(scope, at=at, until=min(at + DAY, now - MINUTE))
    return balance


def _cover(scope: Scope, *, at: datetime, until: datetime) -> None:
    last = Coverage.unscoped.filter(scope=scope, ended_at__gte=at).first()
    if last is None:
        Coverage.unscoped.create(tenant=scope.tenant, scope=scope, started_at=at, ended_at=until)
        return
    Coverage.unscoped.filter(pk=last.pk).update(ended_at=until)


def close_all(credential: Credential, *, now: datetime = NOW) -> int:
    """Make the closings that are due; return how many days were closed."""
    return len(make(credential.tenant, now=now))
