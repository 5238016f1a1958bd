"""Record one scope reading in one transaction, under the fence of its run."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from balances.ingest.comparing import Changes, Seen, compare
from balances.ingest.confirming import confirm, is_older, seen_now
from balances.ingest.counting import BY_IDENTITY, group_of, recount
from balances.ingest.doubting import doubt
from balances.ingest.fence import locked
from balances.ingest.holding import AGAIN_AFTER, awaits_second, decode_rows, judge
from balances.ingest.identifying import identify
from balances.ingest.reopening import reopen_reported
from balances.ingest.stored import Stored, stored_for
from balances.ingest.writing import Writing, write
from balances.models import HeldReading
from providers.errors import ProviderError
from providers.models import Credential, Outcome, RunScope, Scope, SyncRun
from providers.rows import BalanceRow, ScopeKind, ScopeReading, ScopeSeed
from providers.schedule import database_now


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What became of one reading.

    `found` is how many scopes a listing named; `detail` what else is to say of one without an error.
    """

    ref: str
    outcome: Outcome
    error: ProviderError | None = None
    found: int = 0
    rows_read: int = 0
    rows_changed: int = 0
    requests: int = 0
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What lies ready while one reading is recorded. Time: `now` is the database's clock."""

    run: SyncRun
    credential: Credential
    group: list[Credential]
    scope: Scope
    now: datetime


@transaction.atomic
def record(run: SyncRun, *, reading: ScopeReading) -> Recorded:
    """Apply a whole reading, hold a doubtful one, or note why there is none.

    One made with another company's key is rejected, and marks nothing.
    Raises: LeaseLost, and nothing is written.
    """
    group, credential, now = locked(run)
    if refusal := identify(credential, group=group, reading=reading):
        return _rejected(reading, error=refusal)
    scope = _scope(credential, reading=reading)
    desk = Desk(run=run, credential=credential, group=group, scope=scope, now=now)
    scope.attempted_at = reading.read_at
    if reading.error is not None:
        return _note_failure(desk, reading=reading, error=reading.error)
    if reading.kind == ScopeKind.LISTING:
        return _record_listing(desk, reading=reading)
    return _record_balances(desk, reading=reading)


def _rejected(reading: ScopeReading, *, error: ProviderError) -> Recorded:
    return Recorded(ref=reading.ref, outcome=Outcome.FAILED, error=error, requests=reading.requests)


def _scope(credential: Credential, *, reading: ScopeReading) -> Scope:
    scope: Scope
    scope, _ = Scope.unscoped.get_or_create(
        tenant_id=credential.tenant_id,
        credential=credential,
        ref=reading.ref,
        defaults={"kind": reading.kind, "name": reading.name},
    )
    return scope


def _note_failure(desk: Desk, *, reading: ScopeReading, error: ProviderError) -> Recorded:
    """Mark the scope, and leave every figure and time as it is; what is held is soon asked again."""
    scope = desk.scope
    scope.error_code, scope.error_detail = error.code, error.explained
    scope.failing_since = scope.failing_since or reading.read_at
    scope.due_at = desk.now + AGAIN_AFTER if awaits_second(scope) else None
    scope.save()
    _note_outcome(desk, Outcome.FAILED, error=error)
    return Recorded(ref=scope.ref, outcome=Outcome.FAILED, error=error, requests=reading.requests)


def _record_listing(desk: Desk, *, reading: ScopeReading) -> Recorded:
    """Learn the scopes that the list names; those it left out stay known."""
    _learn(desk, found=reading.found)
    confirm(desk.scope, credential=desk.credential, seen=_seen(desk, reading), was_held=False)
    desk.scope.name = reading.name or desk.scope.name
    desk.scope.row_count = len(reading.found)
    desk.scope.save()
    return Recorded(
        ref=desk.scope.ref,
        outcome=Outcome.READ,
        found=1 + len(reading.found),
        requests=reading.requests,
    )


def _learn(desk: Desk, *, found: tuple[ScopeSeed, ...]) -> None:
    stored = {scope.ref: scope for scope in Scope.unscoped.filter(credential=desk.credential)}
    new = [seed for seed in found if seed.ref not in stored]
    Scope.unscoped.bulk_create(
        [
            Scope(
                tenant_id=desk.credential.tenant_id,
                credential=desk.credential,
                ref=seed.ref,
                kind=seed.kind,
                name=seed.name,
            )
            for seed in new
        ],
        batch_size=500,
    )
    for seed in found:
        known = stored.get(seed.ref)
        if known is not None and (known.closed_at is not None or known.name != seed.name):
            known.closed_at, known.name = None, seed.name
            known.save(update_fields=["closed_at", "name"])


def _record_balances(desk: Desk, *, reading: ScopeReading) -> Recorded:
    """Apply the rows, unless they are doubtful, or older than what we hold."""
    scope = desk.scope
    if is_older(scope, reading=reading):
        return _note_read(desk, reading=reading, older=len(reading.rows))
    stored = stored_for(scope, rows=reading.rows)
    found = doubt(reading.rows, stored=stored, scope_id=scope.pk)
    was_held = scope.held_at is not None
    release = judge(reading, doubt=found, scope=scope, run=desk.run, now=desk.now)
    if not release.is_applied:
        scope.save()
        _note_outcome(desk, Outcome.HELD, rows_read=len(reading.rows), detail=found.detail)
        return _recorded(desk, Outcome.HELD, reading=reading, detail=found.detail)
    seen = _seen(desk, reading)
    changes = apply(desk, rows=reading.rows, stored=stored, seen=seen, unusual=release.unusual)
    confirm(scope, credential=desk.credential, seen=seen, was_held=was_held)
    scope.name = reading.name or scope.name
    scope.save()
    return _note_read(
        desk,
        reading=reading,
        changed=changes.figures,
        gone=len(changes.gone),
        older=len(changes.older),
    )


def _note_read(
    desk: Desk, *, reading: ScopeReading, changed: int = 0, gone: int = 0, older: int = 0
) -> Recorded:
    """Write the line of a reading that has something to tell."""
    detail = f"{older} {'row' if older == 1 else 'rows'} older than what we hold" if older else ""
    if changed or gone or older:
        _note_outcome(
            desk,
            Outcome.READ,
            rows_read=len(reading.rows),
            rows_changed=changed,
            detail=detail,
        )
    return _recorded(desk, Outcome.READ, reading=reading, rows_changed=changed, detail=detail)


def _seen(desk: Desk, reading: ScopeReading) -> Seen:
    source = str(reading.as_of_source)
    return seen_now(desk.scope, as_of=reading.as_of, source=source, read_at=reading.read_at)


def _recorded(
    desk: Desk,
    outcome: Outcome,
    *,
    reading: ScopeReading,
    rows_changed: int = 0,
    detail: str = "",
) -> Recorded:
    return Recorded(
        ref=desk.scope.ref,
        outcome=outcome,
        rows_read=len(reading.rows),
        rows_changed=rows_changed,
        requests=reading.requests,
        detail=detail,
    )


def apply(
    desk: Desk,
    *,
    rows: tuple[BalanceRow, ...],
    stored: list[Stored],
    seen: Seen,
    unusual: frozenset[int] = frozenset(),
) -> Changes:
    """Write what the rows change of what is stored for them, and of how it counts."""
    changes = compare(rows, stored=stored, scope_id=desk.scope.pk, seen=seen)
    writing = Writing(
        run=desk.run,
        credential=desk.credential,
        scope=desk.scope,
        seen=seen,
        now=desk.now,
        unusual=unusual,
    )
    write(changes, writing=writing)
    reopened = reopen_reported(
        changes, joined=writing.joined, credential=desk.credential, now=desk.now
    )
    _count_once(desk, rows=rows, refs=writing.new_refs | reopened)
    desk.scope.row_count = len(rows)
    desk.scope.currencies = sorted({row.currency for row in rows})
    return changes


def _count_once(desk: Desk, *, rows: tuple[BalanceRow, ...], refs: set[str]) -> None:
    """Recount what is new or open again, and what only an identity learned meanwhile can match."""
    if len(desk.group) > 1:
        by_identity = {row.account_ref for row in rows if row.account_kind in BY_IDENTITY}
        if touched := refs | by_identity:
            recount(desk.group, refs=touched)


def _note_outcome(
    desk: Desk,
    outcome: Outcome,
    *,
    error: ProviderError | None = None,
    rows_read: int = 0,
    rows_changed: int = 0,
    detail: str = "",
) -> None:
    """Write the run's line of this scope: only scopes failed, held or changed have one."""
    RunScope.unscoped.update_or_create(
        tenant_id=desk.scope.tenant_id,
        run=desk.run,
        scope=desk.scope,
        defaults={
            "outcome": outcome,
            "error_code": error.code if error else "",
            "error_detail": error.explained if error else detail,
            "rows_read": rows_read,
            "rows_changed": rows_changed,
            "at": desk.now,
        },
    )


def accept_held(held: HeldReading) -> int:
    """Apply the rows a person accepted, and have the scope read anew; return how many figures changed.

    Call it inside a transaction. The rows keep the time at which they were read.
    """
    scope = held.scope
    group = group_of(scope.credential)
    credential = next(row for row in group if row.pk == scope.credential_id)
    credential.tenant = scope.credential.tenant
    now = database_now()
    desk = Desk(run=held.run, credential=credential, group=group, scope=scope, now=now)
    seen = seen_now(scope, as_of=held.as_of, source=held.as_of_source, read_at=held.read_at)
    rows = decode_rows(held.rows)
    changes = apply(desk, rows=rows, stored=stored_for(scope, rows=rows), seen=seen)
    confirm(scope, credential=credential, seen=seen, was_held=True)
    scope.due_at = now
    scope.save()
    return changes.figures
