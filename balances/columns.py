"""Define each column once, for table, JSON, CSV and XLSX alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from balances.query.catalogue import COLUMNS as KEYS
from balances.query.tree import BalanceQuery
from balances.results import Row
from balances.states import STATES
from providers.money import plain
from providers.phrases import phrase as _


class ColumnKind(StrEnum):
    """Tell writers how a column's values are written."""

    TEXT = "text"
    AMOUNT = "amount"
    INSTANT = "instant"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column; `sort` names the query field its head sorts by, if any.

    Units: `width` in characters. `value` gives str, Decimal, datetime, bool or None. `said` puts a code into words,
    for what people read; programs get the code.
    """

    key: str
    header: str
    kind: ColumnKind
    width: int
    value: Callable[[Row], Any]
    sort: str = ""
    said: Callable[[Row], str] | None = None


TEXT, AMOUNT, INSTANT, BOOL = ColumnKind

_DEFINED = (
    Column("id", _("Id"), TEXT, 34, lambda row: row.public_id),
    Column("provider", _("Provider"), TEXT, 12, lambda row: row.provider, "provider"),
    Column(
        "credential",
        _("Credential"),
        *(TEXT, 34, lambda row: row.credential_public_id, "credential"),
    ),
    Column("holder", _("Holder"), TEXT, 12, lambda row: row.holder.lower(), "holder"),
    Column("account_ref", _("Reference"), TEXT, 30, lambda row: row.account_ref, "reference"),
    Column(
        "account_kind",
        _("Account kind"),
        *(TEXT, 13, lambda row: row.account_kind.lower(), "account_kind"),
    ),
    Column("account_name", _("Account"), TEXT, 30, lambda row: row.account_name, "account"),
    Column("owner_ref", _("Owner reference"), TEXT, 30, lambda row: row.owner_ref),
    Column("owner_name", _("Owner"), TEXT, 26, lambda row: row.owner_name, "owner"),
    Column("network", _("Network"), TEXT, 14, lambda row: row.network, "network"),
    Column("address", _("Address"), TEXT, 46, lambda row: row.address),
    Column("currency", _("Currency"), TEXT, 10, lambda row: row.currency, "currency"),
    Column("available", _("Available"), AMOUNT, 22, lambda row: row.available, "available"),
    Column("pending", _("Pending"), AMOUNT, 22, lambda row: row.pending, "pending"),
    Column("ledger", _("Ledger"), AMOUNT, 22, lambda row: row.ledger, "ledger"),
    Column("as_of", _("As of"), INSTANT, 20, lambda row: row.as_of, "as_of"),
    Column(
        "as_of_source",
        _("As of from"),
        *(TEXT, 15, lambda row: row.as_of_source.lower()),
    ),
    Column(
        "fetched_at",
        _("Confirmed"),
        *(INSTANT, 20, lambda row: row.fetched_at, "fetched_at"),
    ),
    Column(
        "state",
        _("State"),
        *(TEXT, 12, lambda row: row.state, "state"),
        said=lambda row: str(STATES[row.state].label),
    ),
    Column(
        "missing_since",
        _("Missing since"),
        *(INSTANT, 20, lambda row: row.missing_since),
    ),
    Column("verified", _("Verified"), BOOL, 9, lambda row: row.verified),
    Column(
        "credential_name",
        _("Credential name"),
        *(TEXT, 20, lambda row: row.credential_name),
    ),
    Column("counting", _("Counts as"), TEXT, 14, lambda row: row.counting.lower()),
    Column(
        "counted_by",
        _("Also read through"),
        *(TEXT, 20, lambda row: row.counted_by),
    ),
)
# What stands in a row of JSON; files also say how a row counts, since sums are made of them.
_FILES_ALONE = frozenset({"credential_name", "counting", "counted_by"})
COLUMNS = tuple(sorted(_DEFINED, key=lambda column: KEYS.index(column.key)))
JSON_COLUMNS = tuple(column for column in COLUMNS if column.key not in _FILES_ALONE)
BY_KEY = {column.key: column for column in COLUMNS}


def file_columns(query: BalanceQuery) -> tuple[Column, ...]:
    """Return the columns of a file for people: those the query names, else all, states in words."""
    return tuple(
        replace(column, value=column.said) if column.said else column
        for column in _named(query) or COLUMNS
    )


def json_columns(query: BalanceQuery) -> tuple[Column, ...]:
    """Return the columns of rows for programs: those the query names, else the documented ones."""
    return _named(query) or JSON_COLUMNS


def as_json(row: Row, columns: Iterable[Column] = JSON_COLUMNS) -> dict[str, Any]:
    """Return a row for JSON: amounts as exact decimal strings or null, instants in UTC with Z."""
    return {column.key: _json(column.value(row), row.decimals) for column in columns}


def _named(query: BalanceQuery) -> tuple[Column, ...]:
    return tuple(BY_KEY[key] for key in query.columns)


def _json(value: Any, decimals: int) -> Any:
    if isinstance(value, Decimal):
        return plain(value, decimals)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
