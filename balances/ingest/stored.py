"""Read what we hold of a scope, once, as plain tuples to compare with."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from balances.models import Account, Balance
from providers.models import Credential, Scope
from providers.rows import BalanceRow

# A statement with more parameters than this is refused by some builds of SQLite.
BATCH = 500


class Stored(NamedTuple):
    """One balance as it stands, with its account's own fields last."""

    pk: int
    account_id: int
    scope_id: int
    external_ref: str
    currency: str
    available: Decimal | None
    pending: Decimal | None
    ledger: Decimal | None
    decimals: int | None
    verified: bool
    flags: list[str]
    as_of: datetime | None
    as_of_source: str
    fetched_at: datetime | None
    changed_at: datetime | None
    missing_since: datetime | None
    missing_readings: int
    unusual_at: datetime | None
    holder: str
    counting: str
    account: "Place"

    @property
    def was_read(self) -> bool:
        """Tell a balance that has been answered from one that is only expected."""
        return self.changed_at is not None

    @property
    def is_watched(self) -> bool:
        """Tell whether its absence, or its zero, would surprise: it was there and nobody closed it."""
        return self.was_read and self.missing_since is None and self.account.closed_at is None

    @property
    def figures(self) -> tuple[Decimal | None, ...]:
        """Return the three amounts."""
        return (self.available, self.pending, self.ledger)


class Place(NamedTuple):
    """What is stored of an account, in the order of `PLACE_FIELDS`."""

    external_ref: str
    kind: str
    name: str
    owner_ref: str
    owner_name: str
    network: str
    address: str
    holder: str
    counting: str
    closed_at: datetime | None


PLACE_FIELDS = Place._fields
OWN_FIELDS = tuple(name for name in Stored._fields if name not in ("external_ref", "account"))


def stored_for(scope: Scope, *, rows: Iterable[BalanceRow]) -> list[Stored]:
    """Read the balances of a scope, and those in other scopes of accounts whose rows are new to it."""
    own = list(_read(Balance.unscoped.filter(scope=scope)))
    known = by_key(own)
    strange = {row.account_ref for row in rows if (row.account_ref, row.currency) not in known}
    return [*own, *_elsewhere(scope, refs=strange)]


def _elsewhere(scope: Scope, *, refs: Collection[str]) -> list[Stored]:
    found = Balance.unscoped.filter(account__credential=scope.credential_id).exclude(scope=scope)
    return [
        row for part in _parts(refs) for row in _read(found.filter(account__external_ref__in=part))
    ]


def accounts_of(credential: Credential, *, refs: Collection[str]) -> dict[str, tuple[int, Place]]:
    """Read a credential's accounts of these references, by reference."""
    found = Account.unscoped.filter(credential=credential)
    rows = (
        row
        for part in _parts(refs)
        for row in found.filter(external_ref__in=part).values_list("pk", *PLACE_FIELDS)
    )
    return {row[1]: (row[0], Place(*row[1:])) for row in rows}


def _read(balances: QuerySet[Balance]) -> Iterator[Stored]:
    account = (f"account__{name}" for name in PLACE_FIELDS)
    cut = len(OWN_FIELDS)
    rows: QuerySet[Balance, Any] = balances.order_by("pk").values_list(*OWN_FIELDS, *account)
    for row in rows:
        own, place = row[:cut], Place(*row[cut:])
        yield Stored._make((*own[:3], place.external_ref, *own[3:], place))


def _parts(refs: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(refs)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def place_of(row: BalanceRow) -> tuple[str, ...]:
    """Return what a row tells of its account, in the order of a `Place`'s first fields."""
    return (
        row.account_ref,
        str(row.account_kind),
        row.account_name,
        row.owner_ref,
        row.owner_name,
        row.network,
        row.address,
    )


TOLD = len(PLACE_FIELDS) - 3


def by_key(rows: Iterable[Stored]) -> dict[tuple[str, str], Stored]:
    """Index balances by their identity within the credential."""
    return {(row.external_ref, row.currency): row for row in rows}
