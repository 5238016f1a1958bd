"""Build readings and claimed runs in one line each."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from balances import ingest
from balances.ingest import Recorded
from balances.models import Balance
from providers import schedule
from providers.errors import ProviderError
from providers.models import Credential, SyncRun
from providers.rows import AccountKind, AsOfSource, BalanceRow, ScopeKind, ScopeReading, ScopeSeed

T0 = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def open_run(credential: Credential) -> SyncRun:
    """Claim the lease whatever its state, and begin a run under it."""
    Credential.unscoped.filter(pk=credential.pk).update(lease_until=None)
    lease = schedule.claim(credential.pk, is_forced=True)
    assert lease is not None
    run: SyncRun = SyncRun.unscoped.create(
        tenant=credential.tenant, credential=credential, fence=lease.fence
    )
    return run


def row(ref: str = "m-1", available: str | None = "10.00", **values: Any) -> BalanceRow:
    """Make a row of a merchant; amounts are texts."""
    for name in ("pending", "ledger"):
        values[name] = None if values.get(name) is None else Decimal(values[name])
    values.setdefault("account_kind", AccountKind.MERCHANT)
    values.setdefault("currency", "USD")
    values.setdefault("as_of", None)
    amount = None if available is None else Decimal(available)
    return BalanceRow(account_ref=ref, available=amount, **values)


def reading(
    *rows: BalanceRow, at: datetime = T0, ref: str = "account", **values: Any
) -> ScopeReading:
    """Make a whole reading that was asked and answered within a second."""
    values.setdefault("started_at", at - timedelta(seconds=1))
    values.setdefault("as_of", at)
    values.setdefault("as_of_source", AsOfSource.RESPONSE_DATE)
    values.setdefault("kind", ScopeKind.BALANCES)
    return ScopeReading(ref=ref, rows=rows, read_at=at, **values)


def failed(error: ProviderError, *, at: datetime = T0, ref: str = "account") -> ScopeReading:
    """Make a reading that met an error."""
    return reading(at=at, ref=ref, error=error)


def listing(*refs: str, at: datetime = T0, ref: str = "customers") -> ScopeReading:
    """Make a list of customers."""
    found = tuple(ScopeSeed(ref=each, kind=ScopeKind.BALANCES, name=each.title()) for each in refs)
    return reading(at=at, ref=ref, kind=ScopeKind.LISTING, found=found)


def keep(
    credential: Credential, *rows: BalanceRow, at: datetime = T0, ref: str = "account"
) -> Recorded:
    """Record a whole reading in a run of its own."""
    return ingest.record(open_run(credential), reading=reading(*rows, at=at, ref=ref))


def many(number: int, available: str | None = "10.00") -> list[BalanceRow]:
    """Make so many rows that differ by their reference."""
    return [row(f"m-{index:03}", available) for index in range(number)]


def balance(ref: str = "m-1", currency: str = "USD") -> Balance:
    """Fetch one balance as it stands."""
    found: Balance = Balance.unscoped.select_related("account", "scope").get(
        account__external_ref=ref, currency=currency
    )
    return found
