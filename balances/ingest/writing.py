"""Write what changed, and nothing else: a few statements a scope, however many balances it has."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from balances.ingest import bulk
from balances.ingest.comparing import (
    ASK_AFTER,
    Change,
    Changes,
    Moment,
    Seen,
    differs,
    moment_of,
    shown_of,
)
from balances.ingest.counting import account_counting, balance_counting, holder_of
from balances.ingest.identifying import owner_name_of
from balances.ingest.stored import Stored, accounts_of
from balances.models import DUPLICATES, Account, Balance, Observation
from providers.models import Credential, Scope, SyncRun
from providers.rows import BalanceRow, Flag
from providers.tenancy.managers import new_public_id

ROWS = 1000
ACCOUNT_TOLD = ("kind", "name", "owner_ref", "owner_name", "network", "address")
ACCOUNT_TWINS = (
    *("label_folded", "owner_folded", "owner_ref_folded"),
    *("network_folded", "address_folded", "search"),
)
BALANCE_KEY = ("id", "tenant_id", "public_id", "account_id", "currency")
BALANCE_TOLD = (
    "scope_id",
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
OBSERVATION = (
    "tenant_id",
    "public_id",
    "balance_id",
    "run_id",
    "available",
    "pending",
    "ledger",
    "as_of",
    "as_of_source",
    "fetched_at",
    "recorded_at",
)


@dataclass(kw_only=True)
class Writing:
    """What one reading is written with; the references of its new balances, and the closed accounts these joined."""

    run: SyncRun
    credential: Credential
    scope: Scope
    seen: Seen
    now: datetime
    unusual: frozenset[int] = frozenset()
    new_refs: set[str] = field(default_factory=set)
    joined: set[int] = field(default_factory=set)


def write(changes: Changes, *, writing: Writing) -> None:
    """Write new and changed accounts, balances and observations; mark what is gone, and what stays newer."""
    _update_accounts(changes.changed, writing=writing)
    observed = [
        *_insert_balances(changes.new, writing=writing),
        *(
            _observation(change.stored.pk, change.row, change.moment, writing=writing)
            for change in changes.changed
            if change.is_figure
        ),
    ]
    bulk.update(
        Balance,
        columns=BALANCE_TOLD,
        rows=[
            *(_changed_balance(change, writing=writing) for change in changes.changed),
            *(_gone_balance(known, writing=writing) for known in changes.gone),
        ],
    )
    bulk.insert(Observation, columns=OBSERVATION, rows=observed)
    marked = ((known, _marked(known, row)) for known, row in changes.older)
    bulk.update(
        Balance,
        columns=("flags",),
        rows=[(flags, known.pk) for known, flags in marked if flags != known.flags],
    )


def _marked(known: Stored, row: BalanceRow) -> list[str]:
    """Mark a figure that stays against the provider's older one, and no more once the two agree."""
    flags = {*known.flags} - {Flag.OLDER_ANSWER}
    return sorted(flags | {Flag.OLDER_ANSWER} if differs(row, known) else flags)


def _insert_balances(rows: list[BalanceRow], *, writing: Writing) -> list[bulk.Row]:
    """Insert balances unknown so far, and return their first observations."""
    if not rows:
        return []
    accounts = _accounts(rows, writing=writing)
    ids = bulk.reserve_ids(Balance, count=len(rows))
    moments = [_first_moment(row, writing=writing) for row in rows]
    tenant_id = writing.credential.tenant_id
    made = []
    for pk, row, moment in zip(ids, rows, moments, strict=True):
        account_id, holder, counting = accounts[row.account_ref]
        key = (pk, tenant_id, new_public_id(), account_id, row.currency)
        own = balance_counting(counting, currency=row.currency, is_verified=row.verified)
        told = _told(row, moment, holder=holder, counting=own.value, writing=writing)
        made.append((*key, *told, None, writing.seen.read_at, None, 0, None))
    bulk.insert(Balance, columns=(*BALANCE_KEY, *BALANCE_TOLD), rows=made)
    return [
        _observation(pk, row, moment, writing=writing)
        for pk, row, moment in zip(ids, rows, moments, strict=True)
    ]


def _accounts(rows: list[BalanceRow], *, writing: Writing) -> dict[str, tuple[int, str, str]]:
    """Find or create the accounts of new balances; return id, holder and counting by reference."""
    by_ref = {row.account_ref: row for row in rows}
    held = accounts_of(writing.credential, refs=by_ref.keys())
    made = [_account(row, writing=writing) for ref, row in by_ref.items() if ref not in held]
    if made:
        _insert_accounts(made)
    writing.new_refs |= by_ref.keys()
    writing.joined |= {pk for pk, place in held.values() if place.closed_at is not None}
    found = {ref: (pk, place.holder, place.counting) for ref, (pk, place) in held.items()}
    return found | {a.external_ref: (a.pk, a.holder, a.counting) for a in made}


def _insert_accounts(accounts: list[Account]) -> None:
    fields = Account._meta.concrete_fields
    for pk, account in zip(bulk.reserve_ids(Account, count=len(accounts)), accounts, strict=True):
        account.pk = pk
    bulk.insert(
        Account,
        columns=[field.attname for field in fields],
        rows=([field.pre_save(each, add=False) for field in fields] for each in accounts),
    )


def _account(row: BalanceRow, *, writing: Writing) -> Account:
    return Account(
        tenant_id=writing.credential.tenant_id,
        credential=writing.credential,
        external_ref=row.account_ref,
        kind=row.account_kind.value,
        name=row.account_name,
        owner_ref=row.owner_ref,
        owner_name=owner_name_of(row, credential=writing.credential),
        network=row.network,
        address=row.address,
        holder=holder_of(writing.credential, kind=row.account_kind).value,
        counting=account_counting(writing.credential).value,
        created_at=writing.now,
    )


def _update_accounts(changed: Iterable[Change], *, writing: Writing) -> None:
    """Write what the provider now tells of known accounts; what people set stays."""
    rows = {change.stored.account_id: change.row for change in changed if change.is_account}
    if not rows:
        return
    accounts = list(_in_parts(rows))
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


def _first_moment(row: BalanceRow, *, writing: Writing) -> Moment:
    moment = moment_of(row, known=None, seen=writing.seen)
    assert moment is not None  # noqa: S101  # only a stored balance can be newer
    return moment


def _told(
    row: BalanceRow, moment: Moment, *, holder: str, counting: str, writing: Writing
) -> tuple[Any, ...]:
    """Return the columns from scope to as-of source as the reading tells them."""
    return (
        writing.scope.pk,
        holder,
        counting,
        row.available,
        row.pending,
        row.ledger,
        row.decimals,
        row.verified,
        sorted(row.flags),
        moment.at,
        moment.source,
    )


def _counting(row: BalanceRow, *, known: Stored) -> str:
    """Leave a duplicate to the recount, which alone knows its twins."""
    if known.counting in DUPLICATES:
        return known.counting
    own = known.account.counting
    return balance_counting(own, currency=row.currency, is_verified=row.verified).value


def _changed_balance(change: Change, *, writing: Writing) -> bulk.Row:
    known = change.stored
    return (
        *_told(
            change.row,
            change.moment,
            holder=known.account.holder,
            counting=_counting(change.row, known=known),
            writing=writing,
        ),
        None,
        writing.seen.read_at if change.is_figure else known.changed_at,
        None,
        0,
        _unusual_at(known, writing=writing),
        known.pk,
    )


def _gone_balance(known: Stored, *, writing: Writing) -> bulk.Row:
    """Keep the last figures of a balance that was not named, freezing its times the first time."""
    is_first = known.missing_since is None
    as_of, as_of_source = shown_of(known, seen=writing.seen)
    return (
        known.scope_id,
        known.holder,
        known.counting,
        *known.figures,
        known.decimals,
        known.verified,
        known.flags,
        as_of if is_first else known.as_of,
        as_of_source if is_first else known.as_of_source,
        writing.seen.before_read_at if is_first else known.fetched_at,
        known.changed_at,
        known.missing_since or writing.seen.read_at,
        min(known.missing_readings + 1, ASK_AFTER),
        _unusual_at(known, writing=writing),
        known.pk,
    )


def _unusual_at(known: Stored, *, writing: Writing) -> datetime | None:
    return writing.now if known.pk in writing.unusual else known.unusual_at


def _observation(balance_id: int, row: BalanceRow, moment: Moment, *, writing: Writing) -> bulk.Row:
    return (
        writing.credential.tenant_id,
        new_public_id(),
        balance_id,
        writing.run.pk,
        row.available,
        row.pending,
        row.ledger,
        moment.shown,
        moment.shown_source,
        writing.seen.read_at,
        writing.now,
    )
