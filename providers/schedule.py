"""Decide what is due, and who may ask: the schedule and the leases are rows, by the database's clock.

A message is only a wake-up, so whatever a broker or a worker loses costs one tick. A lease is taken and kept
by compare-and-set on `fence`; losing it raises the fence, so that whoever held it can commit no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Least, RowNumber

from providers.models import (
    Credential,
    Environment,
    Heartbeat,
    RunStatus,
    Scope,
    ScopeKind,
    SyncRun,
)
from providers.tenancy.models import User

# Wake-ups that wait at any time: enough for every worker, few enough that a new tenant never queues long.
OUTSTANDING = 100
REJECTED_WAITS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))


class LeaseLost(Exception):
    """Tell a run that it may neither ask nor commit any more."""

    code = "lease_lost"


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to ask one provider with one credential; Time: `renewed_at` is the database's clock."""

    credential_id: int
    fence: int
    renewed_at: datetime


def database_now() -> datetime:
    """Read the one clock that leases and due times share, whichever host asks."""
    precise = connection.vendor == "postgresql"
    sql = "SELECT clock_timestamp()" if precise else "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (now,) = cursor.fetchone()
    return now if precise else datetime.fromisoformat(now).replace(tzinfo=UTC)


def floor() -> timedelta:
    """Return how long a credential is left alone after a run began, whoever wants the next one."""
    return timedelta(seconds=settings.POLL_FLOOR_SECONDS)


def due_refs(credential: Credential, *, now: datetime) -> frozenset[str] | None:
    """Return the scopes to read of a credential, None for all when it is due as a whole."""
    if credential.due_at is not None and credential.due_at <= now:
        return None
    due = Scope.unscoped.filter(credential=credential, closed_at=None, due_at__lte=now)
    return frozenset(due.values_list("ref", flat=True))


def rested_refs(credential: Credential, *, now: datetime) -> frozenset[str]:
    """Return the scopes read so lately that nobody's wish has them asked again; one that failed may be."""
    since = now - timedelta(seconds=settings.SCOPE_FLOOR_SECONDS)
    read = Scope.unscoped.filter(credential=credential, read_at__gt=since, closed_at=None)
    sound = read.filter(kind=ScopeKind.BALANCES, error_code="", held_at=None)
    return frozenset(sound.values_list("ref", flat=True))


def wake_up_life() -> timedelta:
    """Return how long a wake-up counts as under way; its message expires by then."""
    return timedelta(seconds=3 * settings.TICK_SECONDS)


def _active() -> QuerySet[Credential]:
    found: QuerySet[Credential] = Credential.unscoped.filter(paused_at=None, retired_at=None)
    return found


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _welcome(now: datetime) -> Q:
    """Match what no provider asked us to leave alone for now."""
    return Q(throttled_until=None) | Q(throttled_until__lte=now)


def _due(now: datetime) -> Q:
    """Match what is due as a whole, or in one scope; a failing credential waits for its own time."""
    scopes = Scope.unscoped.filter(credential=OuterRef("pk"), closed_at=None, due_at__lte=now)
    rested = Q(last_started_at=None) | Q(last_started_at__lte=now - floor())
    return rested & _welcome(now) & (Q(due_at__lte=now) | Q(Exists(scopes), error_code=""))


def _unqueued(now: datetime) -> Q:
    return Q(queued_at=None) | Q(queued_at__lte=now - wake_up_life())


def take_due(*, now: datetime) -> list[int]:
    """Mark and return the credentials to wake now: oldest first, the tenants taking turns.

    Call it inside a transaction. Two dispatchers at once share the work and double none of it.
    """
    waiting = _active().filter(queued_at__gt=now - wake_up_life()).count()
    room = OUTSTANDING - waiting
    if room <= 0:
        return []
    ids = [pk for pk, _ in _in_turns(now)[:room]]
    rows = Credential.unscoped.filter(_unqueued(now), pk__in=ids)
    locked = rows.select_for_update(
        skip_locked=connection.features.has_select_for_update_skip_locked
    )
    won = set(locked.order_by("pk").values_list("pk", flat=True))
    Credential.unscoped.filter(pk__in=won).update(queued_at=now)
    return [pk for pk in ids if pk in won]


def _in_turns(now: datetime) -> QuerySet[Credential, tuple[int, int]]:
    """Order what is due so that the oldest of every tenant stands before the second of any."""
    scopes = Scope.unscoped.filter(credential=OuterRef("pk"), closed_at=None).values("credential")
    first = Subquery(scopes.annotate(first=Min("due_at")).values("first"))
    since = Coalesce(Least("due_at", first), "due_at", first)  # SQLite's least of a null is null
    turn = Window(RowNumber(), partition_by=F("tenant"), order_by=("since", "pk"))
    due = _active().filter(_free(now), _due(now), _unqueued(now)).annotate(since=since)
    return due.annotate(turn=turn).order_by("turn", "since", "pk").values_list("pk", "turn")


def claim(credential_id: int, *, is_forced: bool = False) -> Lease | None:
    """Take the lease of an active credential that is free and due, or return None.

    `is_forced` takes it though not due and inside the floor, but never inside the wait a provider asked for.
    A run whose lease ran out is ended.
    Call it inside a transaction.
    """
    now = database_now()
    wanted = _active().filter(_free(now), _welcome(now), pk=credential_id)
    if not is_forced:
        wanted = wanted.filter(_due(now))
    won = wanted.update(
        fence=F("fence") + 1,
        lease_until=now + timedelta(seconds=settings.LEASE_SECONDS),
        last_started_at=now,
        queued_at=None,
    )
    if not won:
        return None
    _abandon_runs(credential_id, now=now)
    fence = Credential.unscoped.values_list("fence", flat=True).get(pk=credential_id)
    return Lease(credential_id=credential_id, fence=fence, renewed_at=now)


def holds(credential: Credential, *, fence: int, now: datetime) -> bool:
    """Tell whether a run under this fence may still commit; the row must be locked."""
    until = credential.lease_until
    return credential.fence == fence and until is not None and until > now and credential.is_active


def renew(lease: Lease) -> Lease:
    """Extend a lease. Raises: LeaseLost, when it ran out, was taken, or the credential was paused."""
    now = database_now()
    until = now + timedelta(seconds=settings.LEASE_SECONDS)
    held = _active().filter(pk=lease.credential_id, fence=lease.fence, lease_until__gt=now)
    if not held.update(lease_until=until):
        raise LeaseLost(f"credential {lease.credential_id} is no longer held under {lease.fence}")
    return replace(lease, renewed_at=now)


def release(credential: Credential, *, due_at: datetime | None) -> None:
    """Give the lease back and set when the next run is due; never while paused or retired."""
    credential.lease_until = None
    credential.queued_at = None
    credential.due_at = due_at if credential.is_active else None


def wait_after(failures: int) -> timedelta:
    """Return how long a rejected key rests after so many rejections in a row."""
    return REJECTED_WAITS[min(max(failures, 1), len(REJECTED_WAITS)) - 1]


def request(credentials: Iterable[Credential], *, actor: User | None, now: datetime) -> list[int]:
    """Bring the next run of each forward as far as floor and provider allow; return those due at once.

    A run under way is joined: nothing changes. Call it inside a transaction.
    """
    ids = [credential.pk for credential in credentials]
    soon = []
    for row in _active().filter(_free(now), pk__in=ids).select_for_update().order_by("pk"):
        earliest = _earliest(row, now=now)
        row.due_at = min(row.due_at, earliest) if row.due_at else earliest
        row.requested_by = actor
        if row.due_at <= now:
            row.queued_at = now
            soon.append(row.pk)
        row.save(update_fields=["due_at", "requested_by", "queued_at"])
    return soon


def hasten(tenant_ids: Iterable[int], *, since: datetime, now: datetime) -> int:
    """Make live credentials due at once that did not begin a run since then; failing ones wait their own time."""
    healthy = _active().filter(
        tenant__in=list(tenant_ids), environment=Environment.LIVE, error_code="", due_at__gt=now
    )
    unread = Q(last_started_at=None) | Q(last_started_at__lt=since)
    wanted = healthy.filter(_free(now), unread)
    with transaction.atomic():
        # Locked in the order in which everybody locks a group of credentials.
        locked = wanted.select_for_update().order_by("pk")
        ids = list(locked.values_list("pk", flat=True))
        return Credential.unscoped.filter(pk__in=ids).update(due_at=now)


def welcome_from(credential: Credential, *, now: datetime) -> datetime:
    """Return the first moment from now at which its provider lets itself be asked again."""
    return max(now, credential.throttled_until or now)


def _earliest(credential: Credential, *, now: datetime) -> datetime:
    """Return when it may be asked next: after the floor, and after the wait its provider asked for."""
    started, soonest = credential.last_started_at, welcome_from(credential, now=now)
    return max(soonest, started + floor()) if started else soonest


def sweep(*, now: datetime) -> list[int]:
    """End runs whose lease ran out as ABANDONED and make their credentials due; return those."""
    ids = (
        Credential.unscoped.filter(lease_until__lte=now).order_by("pk").values_list("pk", flat=True)
    )
    return [pk for pk in list(ids) if _end_lost(pk, now=now)]


@transaction.atomic
def _end_lost(credential_id: int, *, now: datetime) -> bool:
    row = Credential.unscoped.select_for_update().get(pk=credential_id)
    if row.lease_until is None or row.lease_until > now:
        return False
    row.fence += 1
    release(row, due_at=now)
    row.save(update_fields=["fence", "lease_until", "queued_at", "due_at"])
    _abandon_runs(credential_id, now=now)
    return True


def _abandon_runs(credential_id: int, *, now: datetime) -> None:
    """End the runs of a credential whose lease was lost."""
    running = SyncRun.unscoped.filter(credential=credential_id, status=RunStatus.RUNNING)
    running.update(status=RunStatus.ABANDONED, ended_at=now)


def beat(name: str, *, now: datetime) -> None:
    """Note that a recurring task came to its end."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
