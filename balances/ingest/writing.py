"""Write what changed, and nothing else: a few statements a scope, however many balances it has."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from balances.ingest.comparing import ASK_AFTER, Change, Changes, Moment, Seen, moment_of, shown_of
from balances.ingest.counting import account_counting, balance_counting, holder_of
from balances.ingest.stored import Stored, accounts_of
from balances.models import Account, Balance, Observation
from providers.models import Credential, Scope, SyncRun
from providers.rows import BalanceRow
from providers.tenancy.managers import new_public_id

Figures = tuple[Decimal | None, Decimal | None, Decimal | None]

ROWS = 1000
ACCOUNT_TOLD = ("kind", "name", "owner_ref", "owner_name", "network", "address")
ACCOUNT_TWINS = ("label_folded", "owner_folded", "network_folded", "search")
BALANCE_TOLD = (
    "scope",
    "holder",
    "counting",
    "available",
    "pending",
    "ledger",
    "decimals",
    "verified",
    "flags",
    "as_of",
    "as_of_source",
    "fetched_at",
    "changed_at",
    "missing_since",
    "missing_readings",
    "unusual_at",
)


@dataclass(kw_only=True)
class Writing:
    """What one reading is written with, and the references of the accounts it brought up."""

    run: SyncRun
    credential: Credential
    scope: Scope
    seen: Seen
    now: datetime
    unusual: frozenset[int] = frozenset()
    new_refs: set[str] = field(default_factory=set)


def write(changes: Changes, *, writing: Writing) -> None:
    """Write new and changed accounts, balances and observations, and mark what is gone."""
    accounts = _accounts(changes.new, writing=writing)
    _update_accounts(changes.changed, writing=writing)
    made = [_new_balance(row, accounts[row.account_ref], writing=writing) for row in changes.new]
    balances = [balance for balance, _ in made]
    Balance.unscoped.bulk_create(balances, batch_size=ROWS)
    _upsert(
        [
            *(_changed_balance(change, writing=writing) for change in changes.changed),
            *(_gone_balance(known, writing=writing) for known in changes.gone),
        ]
    )
    observed = [_observation(b.pk, _figures(b), moment, writing=writing) for b, moment in made]
    observed += [
        _observation(change.stored.pk, _figures(change.row), change.moment, writing=writing)
        for change in changes.changed
        if change.is_figure
    ]
    Observation.unscoped.bulk_create(observed, batch_size=ROWS)


def _accounts(rows: list[BalanceRow], *, writing: Writing) -> dict[str, tuple[int, str, str]]:
    """Find or create the accounts of new balances; return id, holder and counting by reference."""
    by_ref = {row.account_ref: row for row in rows}
    if not by_ref:
        return {}
    held = accounts_of(writing.scope, refs=by_ref.keys())
    made = [_account(row, writing=writing) for ref, row in by_ref.items() if ref not in held]
    Account.unscoped.bulk_create(made, batch_size=ROWS)
    writing.new_refs |= {account.external_ref for account in made}
    found = {ref: (pk, place.holder, place.counting) for ref, (pk, place) in held.items()}
    return found | {a.external_ref: (a.pk, a.holder, a.counting) for a in made}


def _account(row: BalanceRow, *, writing: Writing) -> Account:
    return Account(
        tenant_id=writing.credential.tenant_id,
        credential=writing.credential,
        external_ref=row.account_ref,
        kind=row.account_kind,
        name=row.account_name,
        owner_ref=row.owner_ref,
        owner_name=row.owner_name,
        network=row.network,
        address=row.address,
        holder=holder_of(writing.credential, kind=row.account_kind),
        counting=account_counting(writing.credential),
        created_at=writing.now,
    )


def _update_accounts(changed: Iterable[Change], *, writing: Writing) -> None:
    """Write what the provider now tells of known accounts; what people set stays."""
    rows = {change.stored.account_id: change.row for change in changed if change.is_account}
    if not rows:
        return
    accounts = list(Account.unscoped.filter(pk__in=rows) if len(rows) <= ROWS else _in_parts(rows))
    for account in accounts:
        row = rows[account.pk]
        account.credential = writing.credential
        account.kind, account.name = row.account_kind, row.account_name
        account.owner_ref, account.owner_name = row.owner_ref, row.owner_name
        account.network, account.address = row.network, row.address
        account.pk = None
        account.public_id = new_public_id()
    Account.unscoped.bulk_create(
        accounts,
        batch_size=ROWS,
        update_conflicts=True,
        unique_fields=("tenant", "credential", "external_ref"),
        update_fields=(*ACCOUNT_TOLD, *ACCOUNT_TWINS),
    )


def _in_parts(rows: dict[int, BalanceRow]) -> Iterable[Account]:
    ids = sorted(rows)
    for start in range(0, len(ids), ROWS):
        yield from Account.unscoped.filter(pk__in=ids[start : start + ROWS])


def _new_balance(
    row: BalanceRow, account: tuple[int, str, str], *, writing: Writing
) -> tuple[Balance, Moment]:
    pk, holder, counting = account
    moment = moment_of(row, known=None, seen=writing.seen)
    assert moment is not None  # noqa: S101  # only a stored balance can be newer
    balance = _balance(row, moment, holder=holder, account_counting=counting, writing=writing)
    balance.account_id = pk
    balance.changed_at = writing.seen.read_at
    return balance, moment


def _changed_balance(change: Change, *, writing: Writing) -> Balance:
    known = change.stored
    place = known.account
    balance = _balance(
        change.row,
        change.moment,
        holder=place.holder,
        account_counting=place.counting,
        writing=writing,
    )
    balance.account_id = known.account_id
    balance.changed_at = writing.seen.read_at if change.is_figure else known.changed_at
    balance.unusual_at = _unusual_at(known, writing=writing)
    return balance


def _balance(
    row: BalanceRow, moment: Moment, *, holder: str, account_counting: str, writing: Writing
) -> Balance:
    """Make the row as the reading tells it; its times are its scope's unless the provider gave one."""
    return Balance(
        tenant_id=writing.credential.tenant_id,
        scope_id=writing.scope.pk,
        currency=row.currency,
        holder=holder,
        counting=balance_counting(
            account_counting, currency=row.currency, is_verified=row.verified
        ),
        available=row.available,
        pending=row.pending,
        ledger=row.ledger,
        decimals=row.decimals,
        verified=row.verified,
        flags=sorted(row.flags),
        as_of=moment.at,
        as_of_source=moment.source,
    )


def _gone_balance(known: Stored, *, writing: Writing) -> Balance:
    """Keep the last figures of a balance that was not named, freezing its times the first time."""
    as_of, as_of_source = shown_of(known, seen=writing.seen)
    is_first = known.missing_since is None
    return Balance(
        tenant_id=writing.credential.tenant_id,
        account_id=known.account_id,
        scope_id=known.scope_id,
        currency=known.currency,
        holder=known.holder,
        counting=known.counting,
        available=known.available,
        pending=known.pending,
        ledger=known.ledger,
        decimals=known.decimals,
        verified=known.verified,
        flags=known.flags,
        as_of=as_of if is_first else known.as_of,
        as_of_source=as_of_source if is_first else known.as_of_source,
        fetched_at=writing.seen.before_read_at if is_first else known.fetched_at,
        changed_at=known.changed_at,
        missing_since=known.missing_since or writing.seen.read_at,
        missing_readings=min(known.missing_readings + 1, ASK_AFTER),
        unusual_at=_unusual_at(known, writing=writing),
    )


def _unusual_at(known: Stored, *, writing: Writing) -> datetime | None:
    return writing.now if known.pk in writing.unusual else known.unusual_at


def _upsert(balances: list[Balance]) -> None:
    """Replace stored balances by their identity; a missing one is the same as a changed one here."""
    Balance.unscoped.bulk_create(
        balances,
        batch_size=ROWS,
        update_conflicts=True,
        unique_fields=("tenant", "account", "currency"),
        update_fields=BALANCE_TOLD,
    )


def _figures(source: BalanceRow | Balance) -> Figures:
    return (source.available, source.pending, source.ledger)


def _observation(
    balance_id: int, figures: Figures, moment: Moment, *, writing: Writing
) -> Observation:
    available, pending, ledger = figures
    return Observation(
        tenant_id=writing.credential.tenant_id,
        balance_id=balance_id,
        run_id=writing.run.pk,
        available=available,
        pending=pending,
        ledger=ledger,
        as_of=moment.shown,
        as_of_source=moment.shown_source,
        fetched_at=writing.seen.read_at,
        recorded_at=writing.now,
    )
