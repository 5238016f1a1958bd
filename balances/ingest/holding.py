"""Keep a doubtful reading beside the figures it does not replace, until a second one or a person decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from balances.ingest.doubting import Doubt
from balances.models import Decision, HeldReading, HoldReason
from providers.models import Scope, SyncRun
from providers.rows import AccountKind, BalanceRow, Flag, ScopeReading

AGAIN_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Release:
    """Whether a reading may be applied, and the balances whose change stays marked as unusual."""

    is_applied: bool
    unusual: frozenset[int] = frozenset()


def judge(
    reading: ScopeReading, *, doubt: Doubt, scope: Scope, run: SyncRun, now: datetime
) -> Release:
    """Hold a doubtful reading, or let one pass that settles or confirms the one held before.

    Time: `now` is the database's clock, as is the due time a second reading must have waited for.
    """
    held = HeldReading.unscoped.filter(scope=scope, decision=Decision.WAITING).first()
    if not doubt:
        _settle(held, Decision.REFUTED, now=now)
        return Release(is_applied=True)
    if held is not None and _is_same(held, doubt):
        return _again(held, reading=reading, doubt=doubt, scope=scope, now=now)
    _settle(held, Decision.REFUTED, now=now)
    _hold(reading, doubt=doubt, scope=scope, run=run, now=now)
    scope.held_at, scope.due_at = reading.read_at, now + AGAIN_AFTER
    return Release(is_applied=False)


def awaits_second(scope: Scope) -> bool:
    """Tell whether a second reading may still settle what is held; of a changed unit, only a person may."""
    waiting = HeldReading.unscoped.filter(scope=scope, decision=Decision.WAITING)
    return scope.held_at is not None and waiting.exclude(reason=HoldReason.SCALE).exists()


def _is_same(held: HeldReading, doubt: Doubt) -> bool:
    """Tell whether the held condition holds again, and no graver one with it."""
    if HoldReason.SCALE in doubt.concerned:
        return held.reason == HoldReason.SCALE
    return held.reason in doubt.concerned


def _again(
    held: HeldReading, *, reading: ScopeReading, doubt: Doubt, scope: Scope, now: datetime
) -> Release:
    """Judge a reading that shows the same again; a unit that changed agrees with itself, so it proves nothing."""
    if held.reason == HoldReason.SCALE:
        scope.due_at = None
        return Release(is_applied=False)
    asked_at = now - (reading.read_at - reading.started_at)
    if asked_at < held.held_at + AGAIN_AFTER:
        return Release(is_applied=False)
    _settle(held, Decision.CONFIRMED, now=now)
    concerned = {known.pk for each in doubt.concerned.values() for known in each}
    return Release(is_applied=True, unusual=frozenset(concerned))


def _settle(held: HeldReading | None, decision: Decision, *, now: datetime) -> None:
    if held is not None:
        held.decision, held.decided_at = decision, now
        held.save(update_fields=["decision", "decided_at"])


def _hold(
    reading: ScopeReading, *, doubt: Doubt, scope: Scope, run: SyncRun, now: datetime
) -> None:
    HeldReading.unscoped.create(
        tenant_id=scope.tenant_id,
        scope=scope,
        run=run,
        held_at=now,
        reason=doubt.reason,
        detail=doubt.detail,
        rows=[encode_row(row) for row in reading.rows],
        read_at=reading.read_at,
        as_of=reading.as_of,
        as_of_source=reading.as_of_source,
    )


AMOUNTS = ("available", "pending", "ledger")
TEXTS = ("account_ref", "currency", "account_name", "owner_ref", "owner_name", "network", "address")


def encode_row(row: BalanceRow) -> dict[str, Any]:
    """Turn a row into what JSON holds exactly: amounts become texts."""
    return {
        **{name: getattr(row, name) for name in TEXTS},
        **{name: _text(getattr(row, name)) for name in AMOUNTS},
        "account_kind": str(row.account_kind),
        "as_of": row.as_of.isoformat() if row.as_of else None,
        "decimals": row.decimals,
        "verified": row.verified,
        "flags": sorted(row.flags),
    }


def decode_rows(rows: Iterable[dict[str, Any]]) -> tuple[BalanceRow, ...]:
    """Read held rows back, exactly as they were."""
    return tuple(_decode(row) for row in rows)


def _decode(row: dict[str, Any]) -> BalanceRow:
    told: dict[str, Any] = {name: row[name] for name in TEXTS}
    for name in AMOUNTS:
        told[name] = None if row[name] is None else Decimal(row[name])
    return BalanceRow(
        **told,
        account_kind=AccountKind(row["account_kind"]),
        as_of=datetime.fromisoformat(row["as_of"]) if row["as_of"] else None,
        decimals=row["decimals"],
        verified=row["verified"],
        flags=frozenset(map(Flag, row["flags"])),
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
