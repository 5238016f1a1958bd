"""Real workers on a real broker: killed, frozen, doubled, starved of messages. Times are scaled down."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from balances import tasks
from balances.models import Observation
from providers import schedule
from providers.models import Credential, Heartbeat, RunStatus, SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant
from tests.processes import Broker, Processes, Started, wait_for
from tests.sync.worlds import connect, held, truth

TICK, LEASE = 0.5, 5.0
TIMES = {
    "TICK_SECONDS": TICK,
    "REQUEST_SECONDS": 3,
    "RENEW_SECONDS": 4,
    "LEASE_SECONDS": LEASE,
    "VISIBILITY_SECONDS": 10,
    "POLL_FLOOR_SECONDS": 0,
}
# Within lease + 2 ticks a lost run is taken up; then it still has to be read, on a busy machine.
CONVERGES = LEASE + 2 * TICK + 5
STARTS = 40


@pytest.fixture
def scaled(settings: Any) -> None:
    """Give this process the workers' times."""
    for name, seconds in TIMES.items():
        setattr(settings, name, seconds)


@pytest.fixture
def workers(
    scaled: None, processes: Processes, simulator: Simulator
) -> Iterator[Callable[..., Started]]:
    """Start tick worker and beat, and give the function that starts a sync worker."""
    environ: dict[str, Any] = {**TIMES, "PROVIDER_HOSTS": simulator.url}
    processes.worker("tick", pool="solo", concurrency=1, **environ)
    processes.beat(**environ)

    def sync_worker(concurrency: int = 1) -> Started:
        return processes.worker("sync", concurrency=concurrency, **environ)

    yield sync_worker
    call_command("verify")


@pytest.fixture
def credential(acme: Tenant, simulator: Simulator) -> Credential:
    """Connect acme to the simulated Swipelux, due in an hour."""
    credential = connect(acme, simulator, "swipelux")
    Credential.unscoped.update(due_at=schedule.database_now() + timedelta(hours=1))
    return credential


def make_due() -> None:
    Credential.unscoped.update(due_at=schedule.database_now())


def is_asked(simulator: Simulator, number: int) -> Callable[[], bool]:
    """Tell when the provider has received so many requests."""
    return lambda: len(simulator.log) >= number


def is_exact(credential: Credential, simulator: Simulator) -> bool:
    return held(credential) == truth(simulator, credential.name)


def settled(credential: Credential) -> bool:
    """Tell when a run has succeeded and none is under way."""
    runs = SyncRun.unscoped.filter(credential=credential)
    running = runs.filter(status=RunStatus.RUNNING).exists()
    return not running and runs.filter(status=RunStatus.SUCCEEDED).exists()


@contextmanager
def commits_blocked() -> Iterator[None]:
    """Hold the lock that every commit of a run needs."""
    with transaction.atomic():
        list(Credential.unscoped.select_for_update().all())
        yield


# --- Killed ---------------------------------------------------------------------------------------
def after_claim(simulator: Simulator) -> None:
    """Let the first request hang, so that the run has claimed its lease and read nothing."""
    simulator.fault("delay", seconds=30, count=1)
    make_due()
    wait_for(is_asked(simulator, 1), what="the first request")


def mid_scan(simulator: Simulator) -> None:
    """Let a later request hang, so that some scopes are committed and some are not."""
    simulator.fault("delay", seconds=30, after=3, count=1)
    make_due()
    wait_for(lambda: Observation.unscoped.exists(), what="the first commit")
    wait_for(is_asked(simulator, 4), what="the hanging request")


def before_commit(simulator: Simulator) -> None:
    """Return with a scope answered that could not be committed."""
    simulator.fault("delay", seconds=0.5, count=1)
    make_due()
    wait_for(is_asked(simulator, 1), what="the first request")


@pytest.mark.parametrize("step", [after_claim, mid_scan, before_commit])
def test_killed_worker_group_loses_and_doubles_nothing(
    workers: Callable[..., Started],
    credential: Credential,
    simulator: Simulator,
    step: Callable[[Simulator], None],
) -> None:
    worker = workers()
    step(simulator)
    if step is before_commit:
        with commits_blocked():
            wait_for(lambda: simulator.log[0].status == 200, what="the answer")
            worker.kill()
    else:
        worker.kill()
    simulator.clear_faults()
    simulator.advance()

    workers()
    wait_for(lambda: settled(credential), seconds=CONVERGES, what="the second run")

    statuses = list(SyncRun.unscoped.order_by("pk").values_list("status", flat=True))
    assert statuses == [RunStatus.ABANDONED, RunStatus.SUCCEEDED]
    assert is_exact(credential, simulator)


def test_frozen_worker_that_wakes_late_commits_nothing(
    workers: Callable[..., Started], credential: Credential, simulator: Simulator
) -> None:
    worker = workers()
    before_commit(simulator)
    with commits_blocked():
        wait_for(lambda: simulator.log[0].status == 200, what="the answer")
        worker.signal_group(signal.SIGSTOP)
    zombie = SyncRun.unscoped.get()
    simulator.advance()

    wait_for(lambda: not leased(credential), seconds=LEASE + 2, what="the end of the lease")
    workers()
    worker.signal_group(signal.SIGCONT)
    wait_for(lambda: settled(credential), seconds=CONVERGES, what="the second run")

    zombie.refresh_from_db()
    assert zombie.status == RunStatus.ABANDONED
    assert not Observation.unscoped.filter(run=zombie).exists()
    assert is_exact(credential, simulator)


def leased(credential: Credential) -> bool:
    now = schedule.database_now()
    return Credential.unscoped.filter(pk=credential.pk, lease_until__gt=now).exists()


# --- Messages -------------------------------------------------------------------------------------
def test_same_message_five_times_at_once_makes_one_run(
    workers: Callable[..., Started], credential: Credential, simulator: Simulator
) -> None:
    workers(concurrency=5)
    simulator.fault("delay", seconds=0.3)
    make_due()

    for _ in range(5):
        tasks.wake([credential.pk])
    wait_for(lambda: settled(credential), what="the run")

    run = SyncRun.unscoped.get()
    assert len(simulator.log) == run.requests


def test_emptied_broker_loses_nothing(
    workers: Callable[..., Started], credential: Credential, simulator: Simulator, broker: Broker
) -> None:
    make_due()
    wait_for(lambda: broker.client.llen("sync") > 0, what="a wake-up")

    broker.empty()
    workers()

    wait_for(lambda: settled(credential), what="the run")
    assert is_exact(credential, simulator)


def test_two_beats_double_nothing(
    workers: Callable[..., Started],
    credential: Credential,
    simulator: Simulator,
    processes: Processes,
) -> None:
    workers(concurrency=2)
    processes.beat(**TIMES)
    make_due()
    wait_for(lambda: settled(credential), what="the run")

    ticks(6)

    assert SyncRun.unscoped.count() == 1


def ticks(number: int) -> None:
    """Wait for so many further ticks to end."""
    seen = {Heartbeat.objects.get(name="dispatch_due").at}

    def is_enough() -> bool:
        seen.add(Heartbeat.objects.get(name="dispatch_due").at)
        return len(seen) > number

    wait_for(is_enough, seconds=number * TICK + 20, what=f"{number} ticks")


def test_long_sync_delays_no_tick_and_keeps_its_lease(
    workers: Callable[..., Started], credential: Credential, simulator: Simulator
) -> None:
    workers()
    paced = {**credential.settings, "requests_per_second": "0.5"}
    Credential.unscoped.update(settings=paced)
    make_due()
    wait_for(is_asked(simulator, 1), what="the first request")
    started = schedule.database_now()

    ticks(int(1.5 * LEASE / TICK))

    run = SyncRun.unscoped.get()
    assert run.status == RunStatus.RUNNING
    assert Heartbeat.objects.get(name="sweep").at - started > timedelta(seconds=LEASE)
    assert leased(credential)


# --- A person at a terminal -----------------------------------------------------------------------
# A test run in the background is deaf to SIGINT, and so would be its children.
AT_TERMINAL = """
import django, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
django.setup()
from django.core.management import call_command
call_command("sync_balances", tenant=sys.argv[1])
"""


def test_ctrl_c_ends_a_command_cleanly_and_gives_its_lease_back(
    acme: Tenant, scaled: None, processes: Processes, simulator: Simulator
) -> None:
    credential = connect(acme, simulator, "swipelux", requests_per_second="1")
    command = processes.start(
        "-c",
        AT_TERMINAL,
        acme.slug,
        **{**TIMES, "LEASE_SECONDS": 100, "VISIBILITY_SECONDS": 200},
        PROVIDER_HOSTS=simulator.url,
        DJANGO_SETTINGS_MODULE="dashboard.settings",
    )
    wait_for(is_asked(simulator, 2), what="requests", seconds=STARTS)

    command.process.send_signal(signal.SIGINT)

    assert command.process.wait(timeout=20) == 130, command.output()
    assert "Traceback" not in command.output()
    assert "what was read until then is kept" in command.output()
    assert SyncRun.unscoped.get().status == RunStatus.ABANDONED
    assert not leased(credential)
    assert tasks.sync(credential.pk, is_forced=True) is not None
    call_command("verify")


# --- SQLite ---------------------------------------------------------------------------------------
WRITER = """
import django, sys
django.setup()
from balances.management.commands import sync_balances
from django.core.management import call_command
from providers.tenancy.models import Tenant
for _ in range(int(sys.argv[2])):
    call_command("sync_balances", tenant=sys.argv[1])
"""


@pytest.mark.sqlite
def test_four_processes_writing_sqlite_never_find_it_locked(
    acme: Tenant,
    scaled: None,
    processes: Processes,
    simulator: Simulator,
    count: Callable[[int], int],
) -> None:
    tenants = [Tenant.objects.create(slug=f"writer-{n}", name=f"W{n}") for n in range(4)]
    for tenant in tenants:
        connect(tenant, simulator, "swipelux")
    environ = {
        **TIMES,
        "PROVIDER_HOSTS": simulator.url,
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    }

    writers = [
        processes.start("-c", WRITER, tenant.slug, str(count(50)), **environ) for tenant in tenants
    ]
    statuses = [writer.process.wait(timeout=120) for writer in writers]

    assert statuses == [0] * 4, [writer.output()[-2000:] for writer in writers]
    assert not any("locked" in writer.output() for writer in writers)
    assert SyncRun.unscoped.exclude(status=RunStatus.SUCCEEDED).count() == 0
    assert SyncRun.unscoped.count() == 4 * count(50)
    call_command("verify")
