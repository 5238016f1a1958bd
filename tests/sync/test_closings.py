"""Real workers and two beats: each day that has ended is closed once, whoever sends the wake-ups."""

import pytest
from django.utils import timezone

from balances.closings import making
from balances.models import Closing, ClosingDay
from providers.models import Credential
from tests.balances.builders import make_credential, make_tenant
from tests.balances.closings.histories import grow
from tests.processes import Processes, wait_for

DAYS = 12


@pytest.mark.django_db(transaction=True)
def test_missed_days_are_made_good_once_by_any_number_of_beats(processes: Processes) -> None:
    tenant = make_tenant()
    credential = make_credential(tenant)
    grow(credential, [str(n) for n in range(DAYS + 1)], now=timezone.now())
    Credential.unscoped.update(paused_at=timezone.now(), lease_until=None)

    processes.worker("tick", pool="solo", concurrency=1, TICK_SECONDS=0.5)
    processes.worker("sync", concurrency=2, TICK_SECONDS=0.5)
    for _ in range(2):
        processes.beat(TICK_SECONDS=0.5)

    wait_for(lambda: not making.due(now=timezone.now()), seconds=60)
    days = ClosingDay.objects.for_tenant(tenant).values_list("business_date", flat=True)
    closed = Closing.objects.for_tenant(tenant).values_list("business_date", flat=True)
    assert len(days) >= DAYS
    assert sorted(closed) == sorted(days)
