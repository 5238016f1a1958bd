"""The schedule and the leases: what is due, who may ask, what becomes of the lost."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import transaction

from providers import schedule
from providers.models import Credential, Heartbeat, RunStatus, Scope, SyncRun
from providers.schedule import LeaseLost
from providers.tenancy.models import Tenant, User

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
_numbers = count(1)


def make(tenant: Tenant, *, due: float | None = -60, **values: object) -> Credential:
    """Save a credential that is due so many seconds from now."""
    now = schedule.database_now()
    values.setdefault("due_at", None if due is None else now + due * SECOND)
    credential: Credential = Credential.unscoped.create(
        tenant=tenant, provider="payiano", name=f"c{next(_numbers)}", **values
    )
    return credential


def fresh(credential: Credential) -> Credential:
    found: Credential = Credential.unscoped.get(pk=credential.pk)
    return found


def shift(credential: Credential, **seconds: float) -> None:
    """Set times of a credential, in seconds from now."""
    now = schedule.database_now()
    moved = {name: now + value * SECOND for name, value in seconds.items()}
    Credential.unscoped.filter(pk=credential.pk).update(**moved)


def take() -> list[int]:
    with transaction.atomic():
        return schedule.take_due(now=schedule.database_now())


# --- The clock ------------------------------------------------------------------------------------
def test_database_clock_is_aware_and_close_to_ours() -> None:
    now = schedule.database_now()

    assert now.utcoffset() == timedelta()
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


def test_lease_lasts_exactly_as_long_as_set(acme: Tenant) -> None:
    credential = make(acme)

    lease = schedule.claim(credential.pk)

    assert lease is not None
    assert fresh(credential).lease_until == lease.renewed_at + timedelta(seconds=120)
    assert fresh(credential).last_started_at == lease.renewed_at


# --- Claim ----------------------------------------------------------------------------------------
def test_of_many_claims_one_wins(acme: Tenant) -> None:
    credential = make(acme)

    leases = [schedule.claim(credential.pk) for _ in range(5)]

    assert [lease.fence for lease in leases if lease] == [1]


def test_claim_takes_over_a_lease_that_ran_out_with_a_higher_fence(acme: Tenant) -> None:
    credential = make(acme)
    first = schedule.claim(credential.pk)
    assert first
    run = SyncRun.unscoped.create(tenant=acme, credential=credential, fence=first.fence)
    shift(credential, lease_until=-1, last_started_at=-120)

    second = schedule.claim(credential.pk)

    run.refresh_from_db()
    assert second
    assert second.fence == first.fence + 1
    assert run.status == RunStatus.ABANDONED
    assert run.ended_at == second.renewed_at


@pytest.mark.parametrize(
    "values",
    [
        {"due": 60},
        {"due": None},
        {"paused_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"retired_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
    ids=["later", "never", "paused", "retired"],
)
def test_claim_of_what_is_not_due_fails(acme: Tenant, values: dict[str, object]) -> None:
    assert schedule.claim(make(acme, **values).pk) is None  # type: ignore[arg-type]  # mixed values


def test_claim_within_a_minute_of_the_last_start_fails_unless_forced(acme: Tenant) -> None:
    credential = make(acme)
    shift(credential, last_started_at=-59)

    assert schedule.claim(credential.pk) is None
    assert schedule.claim(credential.pk, is_forced=True) is not None


def test_forced_claim_respects_the_lease_and_the_pause(acme: Tenant) -> None:
    leased, paused = make(acme), make(acme)
    schedule.claim(leased.pk)
    shift(paused, paused_at=0)

    assert schedule.claim(leased.pk, is_forced=True) is None
    assert schedule.claim(paused.pk, is_forced=True) is None


# --- Renew and release ----------------------------------------------------------------------------
def test_renewed_lease_lasts_longer_under_the_same_fence(acme: Tenant) -> None:
    credential = make(acme)
    lease = schedule.claim(credential.pk)
    shift(credential, lease_until=1)
    assert lease

    renewed = schedule.renew(lease)

    assert renewed.fence == lease.fence
    assert fresh(credential).lease_until == renewed.renewed_at + timedelta(seconds=120)


@pytest.mark.parametrize("lost", ["taken", "ran out", "paused"])
def test_lost_lease_is_not_renewed(acme: Tenant, lost: str) -> None:
    credential = make(acme)
    lease = schedule.claim(credential.pk)
    assert lease
    if lost == "taken":
        Credential.unscoped.update(fence=lease.fence + 1)
    else:
        shift(credential, **{"ran out": {"lease_until": -1}, "paused": {"paused_at": 0}}[lost])

    with pytest.raises(LeaseLost):
        schedule.renew(lease)


def test_released_credential_that_was_paused_is_not_due(acme: Tenant) -> None:
    credential = make(acme)
    schedule.claim(credential.pk)
    shift(credential, paused_at=0)
    held = fresh(credential)

    schedule.release(held, due_at=schedule.database_now())

    assert (held.lease_until, held.due_at) == (None, None)


# --- Due ------------------------------------------------------------------------------------------
def test_due_credentials_are_woken_oldest_first_and_once(acme: Tenant) -> None:
    newer, older, later = make(acme, due=-10), make(acme, due=-50), make(acme, due=10)

    assert take() == [older.pk, newer.pk]
    assert take() == []
    assert fresh(later).queued_at is None


def test_wake_up_that_nobody_took_is_sent_again_after_three_ticks(acme: Tenant) -> None:
    credential = make(acme)
    take()

    shift(credential, queued_at=-14)
    too_soon = take()
    shift(credential, queued_at=-16)

    assert too_soon == []
    assert take() == [credential.pk]


def test_tenants_take_turns(acme: Tenant, globex: Tenant) -> None:
    many = [make(acme, due=-100 + number) for number in range(4)]
    few = [make(globex, due=-10), make(globex, due=-5)]

    assert take() == [many[0].pk, few[0].pk, many[1].pk, few[1].pk, many[2].pk, many[3].pk]


def test_a_crowded_tenant_does_not_fill_the_queue(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "OUTSTANDING", 3)
    for _ in range(5):
        make(acme)
    lone = make(globex, due=-1)

    first = take()

    assert len(first) == 3
    assert lone.pk in first
    assert take() == []


def test_one_due_scope_makes_its_credential_due(acme: Tenant) -> None:
    credential = make(acme, due=600)
    now = schedule.database_now()
    Scope.unscoped.create(tenant=acme, credential=credential, ref="a", due_at=now - SECOND)
    Scope.unscoped.create(tenant=acme, credential=make(acme, due=600), ref="b", due_at=now + SECOND)

    assert take() == [credential.pk]
    assert schedule.claim(credential.pk) is not None


@pytest.mark.parametrize(
    ("of_scope", "of_credential"),
    [({"closed_at": datetime(2026, 1, 1, tzinfo=UTC)}, {}), ({}, {"error_code": "throttled"})],
    ids=["closed", "failing"],
)
def test_due_scope_that_is_closed_or_of_a_failing_credential_waits(
    acme: Tenant, of_scope: dict[str, object], of_credential: dict[str, object]
) -> None:
    credential = make(acme, due=600, **of_credential)
    now = schedule.database_now()
    Scope.unscoped.create(
        tenant=acme, credential=credential, ref="a", due_at=now - SECOND, **of_scope
    )

    assert take() == []
    assert schedule.claim(credential.pk) is None


def test_leased_credential_is_not_woken(acme: Tenant) -> None:
    schedule.claim(make(acme).pk, is_forced=True)

    assert take() == []


# --- Request --------------------------------------------------------------------------------------
def ask(*credentials: Credential, actor: User | None = None) -> list[int]:
    with transaction.atomic():
        return schedule.request(credentials, actor=actor, now=schedule.database_now())


def test_request_brings_the_next_run_forward(acme: Tenant, alice: User) -> None:
    credential = make(acme, due=600)

    assert ask(credential, actor=alice) == [credential.pk]
    assert fresh(credential).requested_by == alice
    assert schedule.claim(credential.pk) is not None


def test_request_within_a_minute_waits_for_the_floor(acme: Tenant) -> None:
    credential = make(acme, due=600)
    shift(credential, last_started_at=-20)
    started = fresh(credential).last_started_at

    assert ask(credential) == []
    assert started
    assert fresh(credential).due_at == started + timedelta(seconds=60)


def test_request_waits_as_the_provider_asked(acme: Tenant) -> None:
    credential = make(acme, due=600)
    shift(credential, throttled_until=300)
    until = fresh(credential).throttled_until

    assert ask(credential) == []
    assert fresh(credential).due_at == until


@pytest.mark.parametrize("of_scope", [False, True])
@pytest.mark.parametrize(("until", "is_due"), [(300, False), (-1, True)])
def test_what_is_due_waits_as_the_provider_asked(
    acme: Tenant, of_scope: bool, until: float, is_due: bool
) -> None:
    credential = make(acme, due=600 if of_scope else -1)
    if of_scope:
        due_at = schedule.database_now() - SECOND
        Scope.unscoped.create(tenant=acme, credential=credential, ref="a", due_at=due_at)
    shift(credential, throttled_until=until)

    assert (take() == [credential.pk]) == is_due
    assert (schedule.claim(credential.pk, is_forced=True) is not None) == is_due


def test_request_never_moves_a_due_time_back(acme: Tenant) -> None:
    credential = make(acme, due=10)
    shift(credential, last_started_at=-1)
    before = fresh(credential).due_at

    ask(credential)

    assert fresh(credential).due_at == before


def test_request_joins_a_run_under_way(acme: Tenant) -> None:
    credential = make(acme)
    schedule.claim(credential.pk)
    before = Credential.unscoped.values().get()

    assert ask(credential) == []
    assert Credential.unscoped.values().get() == before


# --- Sweep ----------------------------------------------------------------------------------------
def test_sweep_ends_a_lost_run_and_makes_its_credential_due(acme: Tenant) -> None:
    lost, held = make(acme), make(acme)
    runs = {}
    for credential in (lost, held):
        lease = schedule.claim(credential.pk)
        assert lease
        runs[credential.pk] = SyncRun.unscoped.create(
            tenant=acme, credential=credential, fence=lease.fence
        )
    shift(lost, lease_until=-1)
    now = schedule.database_now()

    assert schedule.sweep(now=now) == [lost.pk]

    ended = SyncRun.unscoped.get(pk=runs[lost.pk].pk)
    assert (ended.status, ended.ended_at) == (RunStatus.ABANDONED, now)
    swept = fresh(lost)
    assert (swept.fence, swept.lease_until, swept.due_at) == (2, None, now)
    assert SyncRun.unscoped.get(pk=runs[held.pk].pk).status == RunStatus.RUNNING
    assert schedule.sweep(now=now) == []


def test_swept_credential_that_was_paused_stays_paused(acme: Tenant) -> None:
    credential = make(acme)
    schedule.claim(credential.pk)
    shift(credential, lease_until=-1, paused_at=0)

    schedule.sweep(now=schedule.database_now())

    assert fresh(credential).due_at is None


def test_beat_keeps_one_row_a_name() -> None:
    for seconds in (0, 5):
        schedule.beat("sweep", now=datetime(2026, 1, 1, tzinfo=UTC) + seconds * SECOND)

    assert list(Heartbeat.objects.values_list("name", "at")) == [
        ("sweep", datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC))
    ]


@pytest.mark.parametrize(("failures", "minutes"), [(1, 15), (2, 60), (3, 360), (9, 360)])
def test_rejected_key_rests_longer_each_time(failures: int, minutes: int) -> None:
    assert schedule.wait_after(failures) == timedelta(minutes=minutes)
