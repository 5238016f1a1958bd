"""A closing counts each money once, as the day ended, whatever was decided since."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from balances import ingest, lifecycle
from balances.closings.making import make
from balances.models import Balance, Closing, ClosingTotal
from providers.models import Credential
from providers.tenancy.models import Tenant
from tests.balances.builders import make_credential
from tests.balances.readings import keep, row

DAY = date(2026, 11, 20)
CUTOFF = datetime(2026, 11, 20, 22, tzinfo=UTC)  # midnight in Cairo
READ = CUTOFF - timedelta(hours=2)
AFTER = CUTOFF + timedelta(minutes=1)
MADE = CUTOFF + timedelta(minutes=3)
Act = Callable[[Credential], object]


def twins(tenant: Tenant) -> tuple[Credential, Credential]:
    Tenant.objects.filter(pk=tenant.pk).update(time_zone="Africa/Cairo")
    tenant.refresh_from_db()
    old = make_credential(tenant, created_at=READ - timedelta(days=2))
    new = make_credential(tenant, created_at=READ - timedelta(days=1))
    for credential in (old, new):
        keep(credential, row("m-1", "100.00"), at=READ)
    return old, new


def live(tenant: Tenant) -> list[Decimal | None]:
    totals = ClosingTotal.objects.for_tenant(tenant).filter(business_date=DAY, counting="LIVE")
    return list(totals.values_list("available", flat=True))


def unwatch(credential: Credential) -> None:
    credential.scopes.update(closed_at=AFTER)
    ingest.recount_of(credential)


@pytest.mark.parametrize(
    "act",
    [
        lambda credential: None,
        lambda credential: lifecycle.retire(credential, actor=None, now=AFTER),
        lambda credential: lifecycle.pause(credential, actor=None, now=AFTER),
        unwatch,
    ],
    ids=["nothing", "retire", "pause", "unwatch"],
)
def test_what_is_decided_after_the_cut_off_changes_no_closing(acme: Tenant, act: Act) -> None:
    old, _new = twins(acme)
    act(old)

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]
    counted = Closing.objects.for_tenant(acme).exclude(counting="DUPLICATE")
    assert [each.balance.account.credential for each in counted] == [old]
    assert Closing.objects.for_tenant(acme).count() == 2


def test_what_was_watched_no_more_at_the_cut_off_has_no_closing(acme: Tenant) -> None:
    old, new = twins(acme)
    old.scopes.update(closed_at=READ)
    ingest.recount_of(old)

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]
    (closing,) = Closing.objects.for_tenant(acme)
    assert closing.balance.account.credential == new


def test_what_was_read_first_after_the_cut_off_stands_for_nothing(acme: Tenant) -> None:
    old, _new = twins(acme)
    late = make_credential(acme, created_at=READ - timedelta(days=3))
    keep(late, row("m-1", "100.00"), at=AFTER)
    assert set(Balance.unscoped.filter(account__credential=old).values_list("counting")) == {
        ("DUPLICATE",)
    }

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]


def test_a_doubtful_value_that_counts_again_stays_doubtful(acme: Tenant) -> None:
    old, new = twins(acme)
    for credential in (old, new):
        keep(credential, row("m-2", "5.00", verified=False), row("m-1", "100.00"), at=READ)
    lifecycle.pause(old, actor=None, now=AFTER)

    make(acme, now=MADE)

    found = Closing.objects.for_tenant(acme).filter(balance__account__external_ref="m-2")
    assert set(found.values_list("counting", flat=True)) == {"UNVERIFIED", "DUPLICATE"}
