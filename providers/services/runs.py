"""Hold one conversation with a provider: open it, read scope by scope, close it.

Whoever keeps what is read lies above this app: it takes the readings from `fetch`, commits each under the
run's fence, and says with `RunInHand.count` how each ended.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from providers import schedule
from providers.connectors import CONNECTORS
from providers.errors import CredentialRejected, Forbidden, ProviderError, Throttled
from providers.http import Limits
from providers.models import Credential, Outcome, RunStatus, Scope, SyncRun, Trigger
from providers.rows import Environment, ScopeReading, ScopeSeed, Wanted
from providers.sealing import SealingError
from providers.services.clients import open_client
from providers.services.secrets import settings_of, values_of
from providers.services.watching import known_seeds, watch

log = structlog.get_logger(__name__)

PROGRESS_SECONDS = 1.0
NOTHING_STORED: Mapping[str, frozenset[str]] = {}


class RunStalled(Exception):
    """Report a run that finished no scope for as long as one may take."""

    code = "stalled"


@dataclass(kw_only=True)
class RunInHand:
    """One run under way in this process: its lease, what it reads, and what came of it so far.

    `refs` are the scopes to read, None for all, `rested` those passed over since they were just read.
    `seeds` are the scopes the settings name.
    Time: `lease` is the database's clock; `renewed` and `finished` are this process's monotonic one.
    """

    run: SyncRun
    credential: Credential
    lease: schedule.Lease
    refs: frozenset[str] | None
    seeds: tuple[ScopeSeed, ...]
    known: tuple[ScopeSeed, ...]
    rested: frozenset[str] = frozenset()
    codes: set[str] = field(default_factory=set)
    renewed: float = field(default_factory=time.monotonic)
    finished: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def keep_lease(self) -> None:
        """Renew the lease in time; the client calls this before every request.

        Raises: LeaseLost; RunStalled.
        """
        now = time.monotonic()
        if now - self.finished > settings.STALL_SECONDS:
            raise RunStalled("no scope was finished for too long")
        if now - self.renewed > settings.RENEW_SECONDS:
            self.lease = schedule.renew(self.lease)
            self.renewed = now

    def count(
        self,
        outcome: Outcome,
        *,
        error: ProviderError | None = None,
        found: int = 0,
        rows_read: int = 0,
        rows_changed: int = 0,
        requests: int = 0,
    ) -> None:
        """Add how one scope ended, and let those who watch see it about once a second."""
        run = self.run
        run.scopes_read += outcome == Outcome.READ
        run.scopes_held += outcome == Outcome.HELD
        run.scopes_failed += outcome == Outcome.FAILED
        run.rows_read += rows_read
        run.rows_changed += rows_changed
        run.requests += requests
        run.scopes_total = max(run.scopes_total, found, _done(run))
        if error is not None:
            self.codes.add(error.code)
        self.finished = time.monotonic()
        if self.finished - self.shown > PROGRESS_SECONDS:
            self.shown = self.finished
            run.save(update_fields=COUNTS)


COUNTS = (
    "scopes_total",
    "scopes_read",
    "scopes_held",
    "scopes_failed",
    "rows_read",
    "rows_changed",
    "requests",
)


def _done(run: SyncRun) -> int:
    return run.scopes_read + run.scopes_held + run.scopes_failed


@transaction.atomic
def open_run(
    credential_id: int, *, trigger: Trigger | None = None, is_forced: bool = False
) -> RunInHand | None:
    """Claim the lease and begin a run of what is due; None when there is nothing for us to do.

    `is_forced` reads everything, due or not. Without a `trigger`, it is the person who asked, else the schedule.
    """
    lease = schedule.claim(credential_id, is_forced=is_forced)
    if lease is None:
        return None
    credential = Credential.unscoped.select_related("tenant", "requested_by").get(pk=credential_id)
    connector = CONNECTORS[credential.provider]
    seeds = connector.scopes(connector.values(settings_of(credential)))
    refs = None if is_forced else schedule.due_refs(credential, now=lease.renewed_at)
    if refs is None:
        watch(credential, seeds=seeds, now=lease.renewed_at)
    known = known_seeds(credential)
    run = SyncRun.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        is_whole=refs is None,
        fence=lease.fence,
        trigger=trigger or (Trigger.PERSON if credential.requested_by else Trigger.SCHEDULE),
        requested_by=credential.requested_by,
        started_at=lease.renewed_at,
        scopes_total=len({seed.ref for seed in (*seeds, *known)}) if refs is None else len(refs),
    )
    Credential.unscoped.filter(pk=credential_id).update(requested_by=None)
    return RunInHand(
        run=run,
        credential=credential,
        lease=lease,
        refs=refs,
        seeds=seeds,
        known=known,
        rested=_rested(credential, refs=refs, now=lease.renewed_at),
    )


def _rested(
    credential: Credential, *, refs: frozenset[str] | None, now: datetime
) -> frozenset[str]:
    if not CONNECTORS[credential.provider].has_scope_floor:
        return frozenset()
    rested = schedule.rested_refs(credential, now=now)
    return rested if refs is None else rested & refs


@sensitive_variables()
def fetch(
    hand: RunInHand, *, account_refs: Mapping[str, frozenset[str]] = NOTHING_STORED
) -> Iterator[ScopeReading]:
    """Yield one reading per scope as the provider answers; the lease is renewed on the way.

    `account_refs` are the references stored now by scope. Must run outside any transaction.
    Raises: LeaseLost; RunStalled; SealingError; ProviderError, for what concerns no single scope.
    """
    credential = hand.credential
    connector = CONNECTORS[credential.provider]
    values = values_of(credential)
    wanted = Wanted(refs=hand.refs, known=hand.known, account_refs=account_refs, rested=hand.rested)
    client = open_client(
        connector,
        values=values,
        environment=Environment(credential.environment),
        limits=Limits(deadline=settings.REQUEST_SECONDS),
        before_request=hand.keep_lease,
    )
    with client as http:
        yield from connector.fetch_scopes(http, values, wanted)


def close_run(
    hand: RunInHand, *, error: Exception | None = None, is_stopped: bool = False
) -> SyncRun:
    """Store how the run ended, set when the next is due, and give the lease back.

    `error` is what ended the whole run, if anything did. A run that lost its lease, or that somebody stopped,
    only ends as ABANDONED.
    """
    run = hand.run
    with transaction.atomic():
        credential = Credential.unscoped.select_for_update().get(pk=hand.credential.pk)
        now = schedule.database_now()
        run.ended_at = now
        if not is_stopped and schedule.holds(credential, fence=hand.lease.fence, now=now):
            _close_held(hand, credential=credential, error=_whole(hand, error), now=now)
        else:
            _close_lost(hand, credential=credential, error=error)
        run.save()
    _log_outcome(run)
    return run


def _whole(hand: RunInHand, error: Exception | None) -> Exception | None:
    """Judge a run that was forbidden everything: the key itself was refused."""
    if error is None and not hand.run.scopes_read and hand.codes == {Forbidden.code}:
        return CredentialRejected("The key may read none of what is watched.")
    return error


def _close_held(
    hand: RunInHand, *, credential: Credential, error: Exception | None, now: datetime
) -> None:
    run = hand.run
    run.status = _status(run, is_cut=error is not None)
    run.error_code, run.error_detail = _words(error)
    due_at = (
        now + timedelta(seconds=credential.interval) if hand.refs is None else credential.due_at
    )
    credential.throttled_until = None
    if isinstance(error, Throttled):
        credential.throttled_until = due_at = now + (error.retry_after or timedelta())
        Scope.unscoped.filter(credential=credential, due_at__lt=due_at).update(due_at=due_at)
    elif isinstance(error, CredentialRejected):
        credential.failures += 1
        due_at = now + schedule.wait_after(credential.failures)
    _note_health(credential, hand=hand, error=error, now=now)
    schedule.release(credential, due_at=due_at)
    credential.save()


def _note_health(
    credential: Credential, *, hand: RunInHand, error: Exception | None, now: datetime
) -> None:
    """Mark the credential when the failure concerned all of it; clear the mark once something is read."""
    run = hand.run
    if error is not None and not isinstance(error, Throttled):
        credential.error_code, credential.error_detail = _words(error)
        credential.failing_since = credential.failing_since or now
    elif run.scopes_read or run.scopes_held:
        credential.error_code = credential.error_detail = ""
        credential.failing_since = None
        credential.failures = 0
    elif credential.error_code and run.scopes_failed and error is None:
        _replace_reason(credential, codes=hand.codes)
    if run.status == RunStatus.SUCCEEDED:
        credential.last_succeeded_at = now


def _replace_reason(credential: Credential, *, codes: set[str]) -> None:
    """Say what stands in the way now: the one reason all scopes met, else each scope's own."""
    credential.error_detail, credential.error_code = "", min(codes) if len(codes) == 1 else ""
    credential.failing_since = credential.failing_since if credential.error_code else None


def _close_lost(hand: RunInHand, *, credential: Credential, error: Exception | None) -> None:
    """End a run that was taken over, paused or cut short; a lease still under its fence is given back."""
    hand.run.status = RunStatus.ABANDONED
    hand.run.error_code, hand.run.error_detail = _words(error)
    if credential.fence == hand.lease.fence:
        schedule.release(credential, due_at=credential.due_at)
        credential.save()


def _status(run: SyncRun, *, is_cut: bool) -> RunStatus:
    """Name the outcome of a run by those of its scopes."""
    if not run.scopes_read:
        return RunStatus.HELD if run.scopes_held else RunStatus.FAILED
    if run.scopes_failed or run.scopes_held or is_cut:
        return RunStatus.PARTIAL
    return RunStatus.SUCCEEDED


def _words(error: Exception | None) -> tuple[str, str]:
    """Return the code and the redacted detail of what ended a run; nothing of an unforeseen error."""
    if error is None:
        return "", ""
    code = getattr(error, "code", "internal_error")
    return code, error.explained if isinstance(error, (ProviderError, SealingError)) else ""


def _log_outcome(run: SyncRun) -> None:
    """Write the one line of a run: ids and counts, no amounts, names or bodies."""
    log.info(
        "sync_run",
        tenant=run.tenant_id,
        credential=run.credential.public_id,
        run=run.public_id,
        trigger=run.trigger,
        status=run.status,
        error=run.error_code,
        seconds=round((run.ended_at - run.started_at).total_seconds(), 3) if run.ended_at else None,
        **{name: getattr(run, name) for name in COUNTS},
    )
