"""Break each invariant once, and see `verify` name it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Replace

from balances.closings.making import make
from balances.invariants import INVARIANTS
from balances.models import (
    Account,
    Balance,
    Closing,
    ClosingDay,
    ClosingTotal,
    Coverage,
    HeldReading,
    Observation,
)
from providers import schedule
from providers.models import Credential, RunStatus, Scope, Secret, SyncRun
from providers.rows import AccountKind
from providers.services.secrets import put_secrets
from providers.tenancy.managers import AppendOnlyModel
from providers.tenancy.models import Tenant
from tests.balances.builders import make_credential
from tests.balances.readings import MINUTE, T0, keep, row

CANARY = "canary-9f31c07a"


def verify() -> tuple[int, str]:
    """Run the command; return its exit status and what it printed."""
    output = StringIO()
    try:
        call_command("verify", stdout=output, stderr=StringIO())
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


@pytest.fixture
def world(acme: Tenant) -> None:
    """Keep two credentials' readings: changed, missing, held, doubled and of an agent."""
    now = schedule.database_now()
    first, second = make_credential(acme, due_at=now), make_credential(acme, due_at=now)
    keep(first, row("m-1"), row("m-2"))
    keep(first, row("m-1", "11.00"), at=T0 + MINUTE)
    keep(second, row("m-1"), row("m-3"))
    keep(second, row("m-1", "1000.00"), row("m-3"), at=T0 + MINUTE)
    payman = make_credential(acme, provider="payman", due_at=now)
    keep(payman, row("agent", account_kind=AccountKind.AGENT), ref="agent:USD")
    keep(payman, row("c", account_kind=AccountKind.CUSTOMER), ref="customer:c:USD")
    put_secrets(first, values={"key": CANARY}, actor=None, now=now)
    make(acme, now=T0 + timedelta(days=2))
    Credential.unscoped.update(lease_until=None)
    SyncRun.unscoped.update(status=RunStatus.SUCCEEDED, ended_at=now)


def test_a_sound_world_passes(world: None) -> None:
    assert verify() == (0, f"All {len(INVARIANTS)} invariants hold.\n")


def past_the_guard(model: type[AppendOnlyModel]) -> QuerySet[Any]:
    """Reach past the guard that keeps rows as they are."""
    return QuerySet(model=model)


def observations() -> QuerySet[Observation]:
    return past_the_guard(Observation)


def foreign_tenant() -> None:
    other = Tenant.objects.create(slug="other", name="Other")
    Balance.unscoped.filter(account__external_ref="m-3").update(tenant=other)


def figure_without_observation() -> None:
    Balance.unscoped.filter(account__external_ref="m-3").update(available=Decimal(7))


def as_of_behind_its_observation() -> None:
    Balance.unscoped.filter(account__external_ref="m-3").update(as_of=T0 - MINUTE)


def as_of_going_back() -> None:
    observed = observations().filter(balance__account__external_ref="m-1").earliest("pk")
    observations().filter(pk=observed.pk).update(as_of=T0 + 5 * MINUTE)


def missing_without_times() -> None:
    Balance.unscoped.filter(missing_since__isnull=False).update(fetched_at=None)


def present_with_missing_times() -> None:
    Balance.unscoped.filter(missing_since=None).update(missing_readings=1)


def other_holder() -> None:
    Balance.unscoped.filter(account__external_ref="m-3").update(holder="CUSTOMERS")


def agent_like_its_customers() -> None:
    Account.unscoped.filter(kind="AGENT").update(holder="CUSTOMERS")


def other_counting() -> None:
    Balance.unscoped.filter(account__external_ref="m-3").update(counting="TEST")


def money_of_a_test_among_live() -> None:
    Account.unscoped.filter(balances__counting="DUPLICATE").update(counting="TEST")


def duplicate_of_nothing() -> None:
    Balance.unscoped.filter(counting="DUPLICATE").update(counted_by=None)


def counted_nowhere() -> None:
    duplicates = Balance.unscoped.filter(counting="DUPLICATE")
    duplicates.update(counted_by=duplicates.get().account.credential)


def counted_twice() -> None:
    Balance.unscoped.filter(counting="DUPLICATE").update(counting="LIVE", counted_by=None)


def closed_twice() -> None:
    of_duplicates = Closing.unscoped.filter(counting="DUPLICATE")
    past_the_guard(Closing).filter(pk__in=of_duplicates).update(counting="LIVE")


def closed_twice_in_test() -> None:
    twins = Balance.unscoped.filter(account__external_ref="m-1")
    past_the_guard(Closing).filter(balance__in=twins).update(counting="TEST")


def a_total_off() -> None:
    past_the_guard(ClosingTotal).filter(counting="LIVE").update(available=Decimal(7))


def a_total_of_too_few() -> None:
    past_the_guard(ClosingTotal).filter(counting="LIVE").update(confirmed=F("confirmed") + 1)


def a_total_gone() -> None:
    past_the_guard(ClosingTotal).filter(counting="DUPLICATE").delete()


def a_total_of_nothing() -> None:
    past_the_guard(ClosingTotal).filter(counting="DUPLICATE").update(counting="TEST")


def a_closing_gone() -> None:
    past_the_guard(Closing).filter(counting="DUPLICATE").delete()


def a_day_gone() -> None:
    past_the_guard(ClosingDay).all().delete()


def overlapping_coverage() -> None:
    one = Coverage.unscoped.earliest("pk")
    Coverage.unscoped.create(
        tenant=one.tenant, scope=one.scope, started_at=one.started_at, ended_at=one.ended_at
    )
    Coverage.unscoped.filter(pk=one.pk).update(ended_at=F("ended_at") + MINUTE)


def coverage_turned_round() -> None:
    Coverage.unscoped.update(started_at=F("ended_at") + MINUTE)


def uncovered_scope() -> None:
    Coverage.unscoped.all().delete()


def half_read_scope() -> None:
    Scope.unscoped.update(as_of=None)


def failing_since_never() -> None:
    Scope.unscoped.update(error_code="timeout")


def held_for_nothing() -> None:
    HeldReading.unscoped.all().delete()


def held_unmarked() -> None:
    Scope.unscoped.update(held_at=None)


def closed_on_no_day() -> None:
    Account.unscoped.update(closed_at=T0)


def retired_but_open() -> None:
    Credential.unscoped.update(retired_at=T0, due_at=None)


def running_without_lease() -> None:
    SyncRun.unscoped.update(status=RunStatus.RUNNING)


def leased_to_nobody() -> None:
    Credential.unscoped.update(lease_until=T0)


def ended_never() -> None:
    SyncRun.unscoped.update(ended_at=None)


def without_a_future() -> None:
    Credential.unscoped.update(due_at=None)


def paused_but_due() -> None:
    Credential.unscoped.update(paused_at=T0)


def sealed_by_a_lost_key() -> None:
    Secret.unscoped.update(sealed=Replace("sealed", Value("v1.test."), Value("v1.lost.")))


def unsealed() -> None:
    Secret.unscoped.update(sealed="in the clear")


def sealed_for_another() -> None:
    Secret.unscoped.update(credential=Credential.unscoped.latest("pk"))


def secret_in_a_name() -> None:
    Account.unscoped.filter(external_ref="m-3").update(display_name=f"key {CANARY}")


def secret_in_settings() -> None:
    Credential.unscoped.filter(provider="payman").update(settings={"note": CANARY})


BREAKS: dict[Callable[[], None], str] = {
    foreign_tenant: "has a account of another tenant",
    figure_without_observation: "is not its latest observation",
    as_of_behind_its_observation: "is older than its latest observation",
    as_of_going_back: "is true at an earlier time than the one before it",
    missing_without_times: "is missing without its last times",
    present_with_missing_times: "has the times of a missing one",
    other_holder: "has another holder than its account",
    agent_like_its_customers: "shares its holder with its customers",
    other_counting: "counts as TEST, not as LIVE",
    money_of_a_test_among_live: "counts as DUPLICATE, not as TEST_DUPLICATE",
    duplicate_of_nothing: "is a duplicate of nothing",
    counted_nowhere: "is counted nowhere",
    counted_twice: "is counted twice",
    closed_twice: "counts money that is counted that day",
    closed_twice_in_test: "counts money that is counted that day",
    a_total_off: "is not the sum of its closings",
    a_total_of_too_few: "is not the sum of its closings",
    a_total_gone: "has closings that stand in no total (1)",
    a_total_of_nothing: "is not the sum of its closings",
    a_closing_gone: "has more or fewer closings than it counts",
    a_day_gone: "is of no closed day",
    overlapping_coverage: "overlaps the interval before it",
    coverage_turned_round: "ends before it starts",
    uncovered_scope: "was read when its coverage does not say so",
    half_read_scope: "has some but not all times of a reading",
    failing_since_never: "fails without a time",
    held_for_nothing: "is held for no reading",
    held_unmarked: "has a waiting reading but is not held",
    closed_on_no_day: "is closed without a day",
    retired_but_open: "is open though its credential is retired",
    running_without_lease: "runs without its lease",
    leased_to_nobody: "is leased to no run",
    ended_never: "ended at no time",
    without_a_future: "is active but will never be read",
    paused_but_due: "is due though it was stopped",
    sealed_by_a_lost_key: "The key 'lost' is not in the ring",
    unsealed: "The value is not one of ours",
    sealed_for_another: "sealed for another place",
    secret_in_a_name: "in the clear, as its display_name",
    secret_in_settings: "in the clear, as its settings",
}


@pytest.mark.parametrize(("act", "named"), BREAKS.items(), ids=[each.__name__ for each in BREAKS])
def test_a_break_is_named_and_fails(world: None, act: Callable[[], None], named: str) -> None:
    act()

    status, printed = verify()

    assert status == 1
    assert named in printed
    assert "11.00" not in printed
    assert CANARY not in printed
