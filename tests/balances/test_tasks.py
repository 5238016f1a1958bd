"""From wake-up to closed run, with a provider whose answers the test writes down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from balances import tasks
from balances.models import Balance, Coverage
from providers import schedule
from providers.connectors import CONNECTORS
from providers.connectors.base import Connector, Values, Verdict, common_fields
from providers.errors import (
    CredentialRejected,
    Forbidden,
    HostRefused,
    ProviderError,
    ServerError,
    Throttled,
    Timeout,
    Unreadable,
)
from providers.models import Credential, Heartbeat, RunScope, RunStatus, Scope, SyncRun, Trigger
from providers.rows import AmountKind, Environment, ScopeKind, ScopeReading, ScopeSeed, Wanted
from providers.services import runs
from providers.tenancy.models import Tenant, User
from tests.balances.readings import MINUTE, T0, failed, listing, many, reading, row

pytestmark = pytest.mark.django_db(transaction=True)

Step = ScopeReading | Exception | Callable[[], None]


class Scripted(Connector):
    """A provider that answers what it is told to, and remembers what was wanted."""

    code = "scripted"
    label = "Scripted"
    about = ""
    fields = common_fields(requests_per_second=Decimal(10))
    reports = frozenset(AmountKind)
    default_base_url: ClassVar = {Environment.LIVE: "https://scripted.example"}
    hosts: ClassVar = {}
    legend: ClassVar = {}

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.wanted: list[Wanted] = []
        self.named: tuple[ScopeSeed, ...] = (ScopeSeed(ref="list", kind=ScopeKind.LISTING),)

    def headers(self, values: Values) -> dict[str, str]:
        return {}

    def scopes(self, values: Values) -> tuple[ScopeSeed, ...]:
        return self.named

    def verify(self, http: Any, values: Values) -> Verdict:
        raise NotImplementedError

    def fetch_scopes(self, http: Any, values: Values, wanted: Wanted) -> Iterator[ScopeReading]:
        self.wanted.append(wanted)
        for step in self.steps:
            http()
            if isinstance(step, Exception):
                raise step
            if isinstance(step, ScopeReading):
                yield step
            else:
                step()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Register the scripted provider; its client only calls the hook before a request."""
    scripted = Scripted()

    @contextmanager
    def client(*_: Any, before_request: Callable[[], None], **__: Any) -> Iterator[Any]:
        yield before_request

    monkeypatch.setitem(CONNECTORS, "scripted", scripted)
    monkeypatch.setattr(runs, "open_client", client)
    return scripted


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    """Make a credential of the scripted provider, due now."""
    made: Credential = Credential.unscoped.create(
        tenant=acme, provider="scripted", name="S", due_at=schedule.database_now() - MINUTE
    )
    return made


def run_of(provider: Scripted, credential: Credential, *steps: Step) -> SyncRun:
    provider.steps = list(steps)
    run = tasks.sync(credential.pk, is_forced=True)
    assert run is not None
    return run


def wait_of(credential: Credential, run: SyncRun) -> float:
    """Tell how many minutes after its run a credential is due again."""
    credential.refresh_from_db()
    assert credential.due_at
    assert run.ended_at
    return (credential.due_at - run.ended_at) / MINUTE


# --- How a run ends -------------------------------------------------------------------------------
GOOD = reading(row(), ref="a")
BAD = failed(ServerError("503"), ref="b")


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([GOOD], RunStatus.SUCCEEDED),
        ([GOOD, BAD], RunStatus.PARTIAL),
        ([BAD], RunStatus.FAILED),
        ([GOOD, failed(Throttled(retry_after=timedelta(minutes=5)), ref="b")], RunStatus.PARTIAL),
        ([listing()], RunStatus.SUCCEEDED),
        ([], RunStatus.FAILED),
    ],
    ids=["all", "some", "none", "cut", "empty list", "nothing"],
)
def test_outcome_of_a_run_is_that_of_its_scopes(
    provider: Scripted, credential: Credential, steps: list[Step], status: RunStatus
) -> None:
    run = run_of(provider, credential, *steps)

    assert run.status == status
    assert run.ended_at is not None
    credential.refresh_from_db()
    assert credential.lease_until is None


def test_run_that_read_nothing_but_holds_something_is_held(
    provider: Scripted, credential: Credential
) -> None:
    run_of(provider, credential, reading(*many(5), ref="a"))

    run = run_of(provider, credential, reading(ref="a", at=T0 + MINUTE), BAD)

    assert run.status == RunStatus.HELD
    assert (run.scopes_held, run.scopes_failed) == (1, 1)


def test_counts_are_those_of_scopes_and_rows(provider: Scripted, credential: Credential) -> None:
    steps = (
        listing("c:1", "c:2"),
        reading(*many(3), ref="c:1", requests=2),
        failed(ServerError(), ref="c:2"),
    )

    run = run_of(provider, credential, *steps)

    assert (run.scopes_total, run.scopes_read, run.scopes_failed) == (3, 2, 1)
    assert (run.rows_read, run.rows_changed, run.requests) == (3, 3, 2)


@pytest.mark.parametrize(("times", "minutes"), [(1, 15), (2, 60), (3, 360), (4, 360)])
def test_rejected_key_marks_the_credential_alone_and_rests(
    provider: Scripted, credential: Credential, times: int, minutes: int
) -> None:
    run_of(provider, credential, GOOD)
    figures = list(Balance.unscoped.values())

    for _ in range(times):
        run = run_of(provider, credential, failed(CredentialRejected("no"), ref="a"))

    assert wait_of(credential, run) == minutes
    assert (run.status, run.error_code) == (RunStatus.FAILED, "credential_rejected")
    assert (credential.error_code, credential.failures) == ("credential_rejected", times)
    assert not Scope.unscoped.exclude(error_code="").exists()
    assert list(Balance.unscoped.values()) == figures


def test_success_after_a_rejection_clears_the_mark(
    provider: Scripted, credential: Credential
) -> None:
    run_of(provider, credential, failed(CredentialRejected("no"), ref="a"))

    run = run_of(provider, credential, GOOD)

    assert wait_of(credential, run) == 5
    assert (credential.error_code, credential.failures) == ("", 0)
    assert (credential.failing_since, credential.last_succeeded_at) == (None, run.ended_at)


def test_key_forbidden_everything_is_rejected(provider: Scripted, credential: Credential) -> None:
    steps = [failed(Forbidden(), ref=ref) for ref in ("a", "b")]

    run = run_of(provider, credential, *steps)

    assert run.error_code == "credential_rejected"
    assert wait_of(credential, run) == 15


def test_the_mark_says_what_stands_in_the_way_now(
    provider: Scripted, credential: Credential
) -> None:
    run_of(provider, credential, *(failed(Forbidden(), ref=ref) for ref in ("a", "b")))
    credential.refresh_from_db()
    since = credential.failing_since

    run_of(provider, credential, *(failed(ServerError(), ref=ref) for ref in ("a", "b")))
    credential.refresh_from_db()
    all_alike = (credential.error_code, credential.error_detail, credential.failing_since)
    run_of(provider, credential, failed(ServerError(), ref="a"), failed(Timeout(), ref="b"))
    credential.refresh_from_db()

    assert since is not None
    assert all_alike == ("server_error", "", since)
    assert (credential.error_code, credential.failing_since) == ("", None)


def test_throttled_run_is_due_when_the_provider_said(
    provider: Scripted, credential: Credential
) -> None:
    fault = Throttled(retry_after=timedelta(minutes=7))

    run = run_of(provider, credential, GOOD, failed(fault, ref="b"), reading(ref="c"))

    assert (run.status, run.error_code) == (RunStatus.PARTIAL, "throttled")
    assert wait_of(credential, run) == 7
    assert credential.error_code == ""
    assert not Scope.unscoped.filter(ref="c").exists()


def test_due_scope_a_throttled_run_did_not_reach_waits_as_told(
    provider: Scripted, credential: Credential
) -> None:
    Scope.unscoped.create(
        tenant=credential.tenant, credential=credential, ref="z", due_at=schedule.database_now()
    )

    run_of(provider, credential, failed(Throttled(retry_after=timedelta(minutes=7)), ref="b"))

    credential.refresh_from_db()
    assert Scope.unscoped.get(ref="z").due_at == credential.due_at


@pytest.mark.parametrize(
    ("fault", "code"),
    [(HostRefused("not listed"), "host_refused"), (ValueError("a bug"), "internal_error")],
)
def test_error_outside_any_scope_ends_the_run_and_marks_the_credential(
    provider: Scripted, credential: Credential, fault: Exception, code: str
) -> None:
    run = run_of(provider, credential, fault)

    assert (run.status, run.error_code) == (RunStatus.FAILED, code)
    assert "a bug" not in run.error_detail
    assert wait_of(credential, run) == 5
    assert credential.error_code == code


def test_run_that_finishes_no_scope_is_cut(
    provider: Scripted, credential: Credential, settings: Any
) -> None:
    settings.STALL_SECONDS = 0

    run = run_of(provider, credential, lambda: None, GOOD)

    assert run.error_code == "stalled"
    assert not Balance.unscoped.exists()


def test_lease_is_renewed_on_the_way(
    provider: Scripted, credential: Credential, settings: Any
) -> None:
    settings.RENEW_SECONDS = 0
    seen = []

    def look() -> None:
        seen.append(Credential.unscoped.get(pk=credential.pk).lease_until)

    run_of(provider, credential, look, look, GOOD)

    assert seen[0] < seen[1]


@pytest.mark.parametrize("lost", ["paused", "swept"])
def test_run_that_loses_its_lease_is_abandoned_and_commits_no_more(
    provider: Scripted, credential: Credential, lost: str
) -> None:
    def lose() -> None:
        now = schedule.database_now()
        if lost == "paused":
            Credential.unscoped.update(paused_at=now, due_at=None)
        else:
            Credential.unscoped.update(lease_until=now)
            schedule.sweep(now=schedule.database_now())

    run = run_of(provider, credential, GOOD, lose, reading(row("m-2"), ref="b"))

    credential.refresh_from_db()
    assert run.status == RunStatus.ABANDONED
    assert credential.lease_until is None
    assert (credential.due_at is None) == (lost == "paused")
    assert not Scope.unscoped.filter(ref="b").exists()


def test_run_that_ends_late_leaves_the_lease_of_the_next_alone(
    provider: Scripted, credential: Credential
) -> None:
    def take_over() -> None:
        Credential.unscoped.update(lease_until=schedule.database_now())
        assert schedule.claim(credential.pk, is_forced=True)

    run = run_of(provider, credential, take_over, GOOD)

    credential.refresh_from_db()
    assert run.status == RunStatus.ABANDONED
    assert credential.lease_until is not None


def test_run_outcome_is_one_line_without_names_or_amounts(
    provider: Scripted, credential: Credential
) -> None:
    with capture_logs() as logs:
        run = run_of(provider, credential, reading(row("m-1", "8675309.25", account_name="Zed")))

    (line,) = logs
    assert (line["event"], line["status"], line["run"]) == ("sync_run", "SUCCEEDED", run.public_id)
    assert "Zed" not in str(line)
    assert "8675309" not in str(line)


# --- What a run reads -----------------------------------------------------------------------------
def test_due_credential_is_read_whole_and_knows_what_it_read_before(
    provider: Scripted, credential: Credential
) -> None:
    run_of(provider, credential, listing("c:1"), reading(row("w-1"), ref="c:1"))

    run_of(provider, credential, listing())

    wanted = provider.wanted[-1]
    assert wanted.refs is None
    assert [seed.ref for seed in wanted.known] == ["c:1"]
    assert wanted.account_refs == {"c:1": frozenset({"w-1"})}


def test_due_scope_is_read_alone_and_leaves_the_credential_its_time(
    provider: Scripted, credential: Credential, settings: Any
) -> None:
    settings.POLL_FLOOR_SECONDS = 0
    run_of(provider, credential, reading(row("w-1"), ref="a"), reading(row("w-2"), ref="b"))
    credential.refresh_from_db()
    due_at = credential.due_at
    Scope.unscoped.filter(ref="b").update(due_at=schedule.database_now())
    provider.steps = [reading(row("w-2", "11"), ref="b", at=T0 + MINUTE)]

    run = tasks.sync(credential.pk)

    credential.refresh_from_db()
    assert run is not None
    assert run.status == RunStatus.SUCCEEDED
    assert provider.wanted[-1].refs == frozenset({"b"})
    assert credential.due_at == due_at
    assert Scope.unscoped.get(ref="b").due_at is None


def test_scope_the_settings_name_no_more_is_closed(
    provider: Scripted, credential: Credential
) -> None:
    one, two = (ScopeSeed(ref=ref, kind=ScopeKind.BALANCES) for ref in ("a", "b"))
    provider.named = (one, two)
    run_of(provider, credential, reading(row("m-1"), ref="a"), reading(row("m-2"), ref="b"))

    provider.named = (one,)
    run_of(provider, credential, reading(row("m-1"), ref="a", at=T0 + MINUTE))

    assert Scope.unscoped.get(ref="b").closed_at is not None
    assert [seed.ref for seed in provider.wanted[-1].known] == ["a"]
    gone = Balance.unscoped.get(scope__ref="b")
    assert gone.account.closed_reason == "No longer watched"
    assert gone.missing_since is None


# --- Tasks ----------------------------------------------------------------------------------------
@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gather the wake-ups instead of sending them."""
    sent: list[int] = []
    monkeypatch.setattr(tasks, "wake", sent.extend)
    return sent


def test_dispatch_wakes_what_is_due_once_and_beats(
    credential: Credential, woken: list[int]
) -> None:
    tasks.dispatch_due()
    tasks.dispatch_due()

    assert woken == [credential.pk]
    assert Heartbeat.objects.filter(name="dispatch_due").exists()


def test_copy_of_a_message_asks_for_nothing(provider: Scripted, credential: Credential) -> None:
    provider.steps = [GOOD]

    for _ in range(5):
        tasks.sync_credential(credential_id=credential.pk, of_a_newer_release=1)

    assert len(provider.wanted) == 1
    assert SyncRun.unscoped.get().trigger == Trigger.SCHEDULE


def test_sweep_beats_and_tells_what_it_ended(credential: Credential) -> None:
    past = schedule.database_now() - MINUTE
    Credential.unscoped.update(lease_until=past)

    with capture_logs() as logs:
        tasks.sweep()

    assert [line["event"] for line in logs] == ["sync_abandoned"]
    assert Heartbeat.objects.filter(name="sweep").exists()


def test_request_is_committed_and_the_run_names_who_asked(
    provider: Scripted, credential: Credential, alice: User, woken: list[int]
) -> None:
    Credential.unscoped.update(due_at=schedule.database_now() + MINUTE)
    provider.steps = [GOOD]

    assert tasks.request_sync([credential], actor=alice) == [credential.pk]
    tasks.sync_credential(credential_id=credential.pk)

    run = SyncRun.unscoped.get()
    credential.refresh_from_db()
    assert woken == [credential.pk]
    assert (run.trigger, run.requested_by) == (Trigger.PERSON, alice)
    assert credential.requested_by is None


def test_broker_that_is_away_costs_a_log_line(
    credential: Credential, alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError("no broker")

    monkeypatch.setattr(tasks, "_hasty_connection", refuse)

    with capture_logs() as logs:
        tasks.request_sync([credential], actor=alice)

    assert [line["event"] for line in logs] == ["wake_up_lost"]
    credential.refresh_from_db()
    assert credential.due_at is not None


def test_coverage_breaks_where_the_key_was_rejected(
    provider: Scripted, credential: Credential
) -> None:
    run_of(provider, credential, GOOD)
    rejected: ProviderError = CredentialRejected("no")
    run_of(provider, credential, failed(rejected, ref="a"))

    run_of(provider, credential, reading(row(), ref="a", at=T0 + MINUTE))

    assert Coverage.unscoped.count() == 2


# --- What is kept of a fault ----------------------------------------------------------------------
def test_fault_is_kept_with_the_field_it_was_found_at(
    provider: Scripted, credential: Credential
) -> None:
    fault = Unreadable("expected a number", field="$.items[3].amount")
    said = "expected a number at $.items[3].amount"

    run_of(provider, credential, failed(fault, ref="a"))
    assert Scope.unscoped.get(ref="a").error_detail == said
    assert RunScope.unscoped.get().error_detail == said

    run = run_of(provider, credential, fault)
    credential.refresh_from_db()
    assert (run.error_detail, credential.error_detail) == (said, said)


# --- Whose wish counts ----------------------------------------------------------------------------
def test_press_does_not_go_round_the_providers_wait(
    provider: Scripted, credential: Credential, alice: User, woken: list[int]
) -> None:
    run_of(provider, credential, failed(Throttled(retry_after=timedelta(minutes=7)), ref="a"))
    Credential.unscoped.update(last_started_at=schedule.database_now() - 2 * MINUTE)
    credential.refresh_from_db()
    due_at = credential.due_at

    assert tasks.request_sync([credential], actor=alice) == []

    credential.refresh_from_db()
    assert credential.due_at == credential.throttled_until == due_at
    assert tasks.sync(credential.pk) is None


def test_press_goes_round_the_rest_of_a_rejected_key(
    provider: Scripted, credential: Credential, alice: User, woken: list[int]
) -> None:
    run_of(provider, credential, failed(CredentialRejected("no"), ref="a"))
    Credential.unscoped.update(last_started_at=schedule.database_now() - 2 * MINUTE)

    assert tasks.request_sync([credential], actor=alice) == [credential.pk]


def test_key_of_another_company_ends_the_run_and_rests(
    provider: Scripted, credential: Credential
) -> None:
    run_of(provider, credential, reading(row(), ref="a", identity_ref="agt-1"))

    other = reading(row("m-2"), ref="a", at=T0 + MINUTE, identity_ref="agt-2")
    run = run_of(provider, credential, other, reading(row("m-3"), ref="b", at=T0 + MINUTE))

    assert (run.status, run.error_code) == (RunStatus.FAILED, "credential_rejected")
    assert "another company's key" in run.error_detail
    assert wait_of(credential, run) == 15
    assert Balance.unscoped.count() == 1


def test_run_knows_whether_it_set_out_to_read_everything(
    provider: Scripted, credential: Credential, settings: Any
) -> None:
    settings.POLL_FLOOR_SECONDS = 0
    assert run_of(provider, credential, GOOD).is_whole
    Scope.unscoped.update(due_at=schedule.database_now())

    run = tasks.sync(credential.pk)

    assert run is not None
    assert not run.is_whole
