"""Wake what is due, sync one credential, and end what was lost: the entry points of the workers.

Every task may run twice, and at the same time as itself: the database decides who does the work.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog
from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError

from balances import ingest
from balances.closings import making
from balances.closings.days import LEAD
from balances.ingest import Recorded
from providers import schedule
from providers.errors import CredentialRejected
from providers.models import Credential, Outcome, SyncRun, Trigger
from providers.rows import ScopeReading
from providers.services import runs
from providers.tenancy.models import Tenant, User

log = structlog.get_logger(__name__)

# Days that one message closes; the next tick sends another for the rest.
DAYS_AT_ONCE = 5
JUST_READ = "read a moment ago, not asked again"
HASTE = {"socket_connect_timeout": 1, "socket_timeout": 1, "max_retries": 0}
Watcher = Callable[[Recorded], None]


@shared_task(name="balances.tasks.dispatch_due")
def dispatch_due(**_: object) -> None:
    """Wake the credentials that are due; any number of these at once wake each one once."""
    with transaction.atomic():
        now = schedule.database_now()
        ids = schedule.take_due(now=now)
        transaction.on_commit(lambda: wake(ids))
    schedule.beat("dispatch_due", now=now)


@shared_task(name="balances.tasks.sweep")
def sweep(**_: object) -> None:
    """End runs whose lease ran out, so that their credentials are due again."""
    now = schedule.database_now()
    for credential_id in schedule.sweep(now=now):
        log.warning("sync_abandoned", credential=credential_id)
    schedule.beat("sweep", now=now)


@shared_task(name="balances.tasks.make_closings")
def make_closings(**_: object) -> None:
    """Have the figures read that a day closes with, and wake a worker for each day that has ended.

    Copies of a message make nothing twice.
    """
    now = schedule.database_now()
    if ending := making.ending(now=now):
        schedule.hasten(ending, since=now - LEAD, now=now)
    _send([(close_days, {"tenant_id": pk}) for pk in making.due(now=now)])
    schedule.beat("make_closings", now=now)


@shared_task(name="balances.tasks.close_days")
def close_days(*, tenant_id: int, **_: object) -> None:
    """Close a tenant's oldest days that have ended and are not closed."""
    tenant = Tenant.objects.get(pk=tenant_id)
    made = making.make(tenant, now=schedule.database_now(), most=DAYS_AT_ONCE)
    if made:
        log.info("days_closed", tenant=tenant.slug, first=str(made[0]), last=str(made[-1]))


@shared_task(name="balances.tasks.sync_credential")
def sync_credential(*, credential_id: int, **_: object) -> None:
    """Read what is due of one credential; a copy of a message that lost the lease ends without a request."""
    sync(credential_id)


def wake(credential_ids: Iterable[int]) -> None:
    """Send the wake-ups of credentials."""
    _send([(sync_credential, {"credential_id": pk}) for pk in credential_ids])


def _send(messages: Sequence[tuple[Any, dict[str, int]]]) -> None:
    """Send tasks to the workers; a broker that cannot take them costs one tick, so its faults end here."""
    if not messages:
        return
    try:
        with _hasty_connection() as connection, connection.Producer() as producer:
            for task, kwargs in messages:
                task.apply_async(
                    kwargs=kwargs,
                    queue="sync",
                    expires=3 * settings.TICK_SECONDS,
                    producer=producer,
                    retry=False,
                )
    except (OperationalError, OSError) as fault:
        log.warning("wake_up_lost", messages=len(messages), fault=type(fault).__name__)


def _hasty_connection() -> Connection:
    """Connect for one publishing: a broker that does not answer within a second is given up."""
    connection: Connection = current_app.connection_for_write()
    connection.transport_options = {**(connection.transport_options or {}), **HASTE}
    return connection


def request_sync(credentials: Iterable[Credential], *, actor: User | None) -> list[int]:
    """Have credentials read as soon as the floor allows, joining runs under way; return those woken.

    The wish is committed first, so that a broker that is away costs one tick.
    """
    with transaction.atomic():
        ids = schedule.request(credentials, actor=actor, now=schedule.database_now())
        transaction.on_commit(lambda: wake(ids))
    return ids


def sync(
    credential_id: int,
    *,
    trigger: Trigger | None = None,
    is_forced: bool = False,
    watcher: Watcher | None = None,
) -> SyncRun | None:
    """Run one conversation and keep what it brings; None when another holds the lease, or nothing is due.

    Call it outside any transaction. `watcher` is told of every scope as it is recorded.
    """
    hand = runs.open_run(credential_id, trigger=trigger, is_forced=is_forced)
    if hand is None:
        return None
    error: Exception | None = None
    try:
        error = _read(hand, watcher=watcher)
    except (KeyboardInterrupt, SystemExit):
        # Ctrl-C: the next run must not wait until the lease has run out.
        runs.close_run(hand, is_stopped=True)
        raise
    except Exception as fault:  # noqa: BLE001  # whatever went wrong, the run must be closed
        error = fault
        _log_unforeseen(hand.run, fault)
    return runs.close_run(hand, error=error)


def _read(hand: runs.RunInHand, *, watcher: Watcher | None) -> Exception | None:
    """Record reading after reading; return the error that ended the run early, if any."""
    ingest.prepare(hand.run, seeds=hand.seeds)
    refs = ingest.stored_refs(hand.credential)
    _pass_over(hand, watcher=watcher)
    for reading in runs.fetch(hand, account_refs=refs):
        recorded = _keep(hand.run, reading=reading)
        hand.count(
            recorded.outcome,
            error=recorded.error,
            found=recorded.found,
            rows_read=recorded.rows_read,
            rows_changed=recorded.rows_changed,
            requests=recorded.requests,
        )
        if watcher is not None:
            watcher(recorded)
        if recorded.error is not None and recorded.error.stops_run:
            return recorded.error
    return None


def _pass_over(hand: runs.RunInHand, *, watcher: Watcher | None) -> None:
    """Count the scopes that are not asked again: what was read of them a moment ago stands."""
    for ref in sorted(hand.rested):
        hand.count(Outcome.READ)
        if watcher is not None:
            watcher(Recorded(ref=ref, outcome=Outcome.READ, detail=JUST_READ))


def _keep(run: SyncRun, *, reading: ScopeReading) -> Recorded:
    """Record a reading; a rejected key is the credential's fault, and marks no scope."""
    if isinstance(reading.error, CredentialRejected):
        return Recorded(
            ref=reading.ref,
            outcome=Outcome.FAILED,
            error=reading.error,
            requests=reading.requests,
        )
    return ingest.record(run, reading=reading)


def _log_unforeseen(run: SyncRun, fault: Exception) -> None:
    """Write a traceback for what no provider and no lost lease explains."""
    if not hasattr(fault, "code"):
        log.exception("sync_broke", run=run.public_id, exc_info=fault)
