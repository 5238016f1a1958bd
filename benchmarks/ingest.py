"""Measure one reading of 10,000 changed rows into 100,000 balances against a loop of `update_or_create`."""

import os
from datetime import timedelta
from decimal import Decimal
from itertools import count

from django.db import connection, transaction
from django.utils import timezone

from balances import ingest
from balances.models import Account, Balance, Observation
from benchmarks import compare, promise, seconds
from benchmarks._rows import CURRENCIES
from benchmarks._world import make_balances, make_tenant
from providers import schedule
from providers.models import Credential, SyncRun
from providers.rows import AccountKind, AsOfSource, BalanceRow, ScopeKind, ScopeReading
from providers.tenancy.models import Tenant

DATABASES = ("sqlite", "postgresql")
BALANCES = int(os.environ.get("BENCH_BALANCES", 100_000))
ROWS = BALANCES // 10
FASTER = {"sqlite": 8, "postgresql": 10}
_minutes = count(1)
_began = timezone.now() - timedelta(days=1)


def reading(*, figures: int) -> ScopeReading:
    """Make the next minute's reading; with other `figures` every row differs."""
    at = _began + timedelta(minutes=next(_minutes))
    currencies = list(CURRENCIES.items())
    rows = tuple(
        BalanceRow(
            account_ref=f"mer_{index:08x}",
            account_kind=AccountKind.MERCHANT,
            account_name=f"Merchant {index}",
            currency=currencies[index % len(currencies)][0],
            available=Decimal(1000 + index + figures) / 4,
            pending=Decimal(index % 50) if index % 3 else None,
            ledger=None,
            as_of=None,
        )
        for index in range(ROWS)
    )
    return ScopeReading(
        ref="account",
        kind=ScopeKind.BALANCES,
        rows=rows,
        started_at=at - timedelta(seconds=2),
        read_at=at,
        as_of=at,
        as_of_source=AsOfSource.RESPONSE_DATE,
    )


def claimed(credential: Credential) -> SyncRun:
    """Begin a run under a fresh lease."""
    Credential.unscoped.filter(pk=credential.pk).update(lease_until=None)
    lease = schedule.claim(credential.pk, is_forced=True)
    if lease is None:
        raise AssertionError("the lease is held")
    run: SyncRun = SyncRun.unscoped.create(
        tenant=credential.tenant, credential=credential, fence=lease.fence
    )
    return run


class Bench:
    """Hold a credential whose one scope has been read once."""

    def __init__(self, tenant: Tenant) -> None:
        """Read it for the first time."""
        self.credential: Credential = Credential.unscoped.create(
            tenant=tenant, provider="payiano", name="Merchants"
        )
        self.run = claimed(self.credential)
        self.figures = 0
        self.next = reading(figures=self.figures)
        ingest.record(self.run, reading=self.next)

    def prepare(self) -> None:
        """Have a reading of other figures ready, and the run's lease fresh."""
        self.figures += 1
        self.next = reading(figures=self.figures)
        self.run = claimed(self.credential)

    def record(self) -> None:
        """Take the reading in as the product does. Raises: AssertionError, when it is not all new."""
        recorded = ingest.record(self.run, reading=self.next)
        if recorded.rows_changed != ROWS:
            raise AssertionError(f"{recorded.rows_changed} of {ROWS} rows changed")

    @transaction.atomic
    def loop(self) -> None:
        """Take it in row by row, in one transaction, the accounts known before."""
        accounts = {
            account.external_ref: account
            for account in Account.unscoped.filter(credential=self.credential)
        }
        scope = Balance.unscoped.filter(account__credential=self.credential)[0].scope
        for row in self.next.rows:
            balance, _ = Balance.unscoped.update_or_create(
                tenant=self.credential.tenant,
                account=accounts[row.account_ref],
                currency=row.currency,
                defaults={
                    "scope": scope,
                    "available": row.available,
                    "pending": row.pending,
                    "ledger": row.ledger,
                    "changed_at": self.next.read_at,
                },
            )
            Observation.unscoped.create(
                tenant=self.credential.tenant,
                balance=balance,
                run=self.run,
                available=row.available,
                pending=row.pending,
                ledger=row.ledger,
                as_of=self.next.as_of,
                as_of_source=self.next.as_of_source,
                fetched_at=self.next.read_at,
            )


def versions_written(bench: Bench) -> int:
    """Read unchanged figures; return how many row versions of balances that wrote."""
    bench.next = reading(figures=bench.figures)
    if connection.vendor == "sqlite":
        _count_writes()
    before = _versions()
    ingest.record(claimed(bench.credential), reading=bench.next)
    return len(_versions() - before)


def _count_writes() -> None:
    """Make SQLite, whose rows have no versions, note every write of a balance."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE written (id integer)")
        for kind in ("INSERT", "UPDATE"):
            cursor.execute(
                f"CREATE TEMP TRIGGER note_{kind} AFTER {kind} ON main.balances_balance"  # noqa: S608  # ours
                " BEGIN INSERT INTO written VALUES (new.id); END"
            )


def _versions() -> set[tuple[object, ...]]:
    """Return the identity of every row version."""
    versions = "SELECT rowid FROM written"
    if connection.vendor == "postgresql":
        versions = "SELECT id, xmin::text, ctid::text FROM balances_balance"
    with connection.cursor() as cursor:
        cursor.execute(versions)
        return set(cursor.fetchall())


def main() -> None:
    """Print the figures."""
    tenant, _ = make_tenant(0)
    make_balances(tenant, count=BALANCES - ROWS, now=timezone.now())
    bench = Bench(tenant)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    ratios = compare(
        f"{ROWS:,} changed rows into {BALANCES:,} balances",
        {"update_or_create, row by row": bench.loop, "ingest.record": bench.record},
        rounds=3,
        before=bench.prepare,
    )
    faster = FASTER[connection.vendor]
    promise("ingest against the loop", ratios["ingest.record"], at_most=1 / faster)
    bench.prepare()
    changed = seconds(bench.record)
    bench.next, bench.run = reading(figures=bench.figures), claimed(bench.credential)
    same = seconds(lambda: ingest.record(bench.run, reading=bench.next))
    print(f"  changed {ROWS / changed:,.0f} rows/s, unchanged {ROWS / same:,.0f} rows/s")
    promise("row versions of an unchanged sync", versions_written(bench), at_most=0, unit="")
