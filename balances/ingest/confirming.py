"""Confirm a scope: its own times, and the intervals in which its balances were seen without a gap."""

from datetime import datetime, timedelta

from balances.ingest.comparing import Seen
from balances.models import Coverage
from providers.models import Credential, Scope
from providers.rows import ScopeReading


def is_older(scope: Scope, *, reading: ScopeReading) -> bool:
    """Tell a late reading: true at an earlier time, and asked before the last one was answered."""
    if scope.as_of is None or scope.read_at is None:
        return False
    return reading.as_of < scope.as_of and reading.started_at < scope.read_at


def seen_now(scope: Scope, *, as_of: datetime, source: str, read_at: datetime) -> Seen:
    """Give a reading's times; servers whose clocks disagree never move ours back."""
    is_back = scope.as_of is not None and as_of < scope.as_of
    return Seen(
        as_of=scope.as_of if is_back and scope.as_of else as_of,
        as_of_source=scope.as_of_source if is_back else source,
        read_at=max(read_at, scope.read_at) if scope.read_at else read_at,
        before_as_of=scope.as_of,
        before_source=scope.as_of_source,
        before_read_at=scope.read_at,
    )


def confirm(scope: Scope, *, credential: Credential, seen: Seen, was_held: bool) -> None:
    """Set a read scope's times on the object, clear its faults, and write its coverage; the caller saves it."""
    is_broken = was_held or bool(scope.error_code) or credential.failing_since is not None
    _cover(scope, at=seen.read_at, is_broken=is_broken, stale_after=credential.stale_after)
    scope.as_of, scope.as_of_source = seen.as_of, seen.as_of_source
    scope.read_at = seen.read_at
    scope.readings += 1
    scope.error_code = scope.error_detail = ""
    scope.failing_since = scope.held_at = scope.due_at = None


def _cover(scope: Scope, *, at: datetime, is_broken: bool, stale_after: int) -> None:
    """Extend the last interval, or open a new one after a gap or a failure."""
    last = Coverage.unscoped.filter(scope=scope).order_by("-started_at", "-pk").first()
    if last is None or is_broken or at - last.ended_at > timedelta(seconds=stale_after):
        Coverage.unscoped.create(tenant_id=scope.tenant_id, scope=scope, started_at=at, ended_at=at)
        return
    last.ended_at = at
    last.readings += 1
    last.save(update_fields=["ended_at", "readings"])
