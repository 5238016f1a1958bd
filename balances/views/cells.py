"""Choose the columns of the page, and group its rows under heads with their totals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from balances.columns import BY_KEY, Column, ColumnKind
from balances.models import AccountKind
from balances.query.tree import BalanceQuery
from balances.results import Row, Total
from balances.results.context import provider_label
from balances.states import STATES
from balances.views.links import Links
from balances.views.sorting import head
from balances.views.totals import TotalView, total_views
from balances.views.words import COUNTING, HOLDERS
from providers.currencies import currency
from providers.models import AsOfSource

# The cells that balances/_table.html knows by name; every other column is written as it stands.
OWN_CELLS = (
    "account_name",
    "provider",
    "holder",
    "account_ref",
    "network",
    "currency",
    "available",
    "pending",
    "as_of",
)
# A figure never stands without whose it is, in what, and how old it is.
ALWAYS = frozenset({"account_name", "currency", "available", "as_of"})
# Files hold these as codes and ids; a page says them.
_SAID: Mapping[str, Callable[[Row], str]] = {
    "credential": lambda row: row.credential_name,
    "account_kind": lambda row: str(AccountKind(row.account_kind).label),
    "as_of_source": lambda row: str(AsOfSource(row.as_of_source).label) if row.as_of_source else "",
    "state": lambda row: str(STATES[row.state].label),
    "counting": lambda row: str(COUNTING[row.counting]),
    "verified": lambda row: _("Yes") if row.verified else _("No"),
}


@dataclass(frozen=True, kw_only=True)
class Extra:
    """One cell of a column that the table does not show by itself."""

    is_amount: bool
    is_instant: bool
    value: Any


@dataclass(frozen=True, kw_only=True)
class Section:
    """Rows under one head; a table that is not grouped is one section without a head."""

    label: str
    long_label: str
    totals: Sequence[TotalView]
    rows: Sequence[Any]


def shown(query: BalanceQuery) -> Mapping[str, bool]:
    """Tell of each known cell whether the page shows it."""
    wanted = frozenset(query.columns or OWN_CELLS) | ALWAYS
    return {key: key in wanted for key in OWN_CELLS}


def extra_heads(query: BalanceQuery, *, links: Links) -> list[dict[str, Any]]:
    """Return the heads of the further columns, in the query's order; some sort, some are words alone."""
    return [_extra_head(BY_KEY[key], query, links) for key in _extras(query)]


def _extra_head(column: Column, query: BalanceQuery, links: Links) -> dict[str, Any]:
    css = "num" if column.kind is ColumnKind.AMOUNT else ""
    named = {"cell": column.key, "label": _(column.header), "css": css}
    return (head(column.sort, query, links=links) if column.sort else {}) | named


def extra_cells(query: BalanceQuery) -> Callable[[Row], list[Extra]]:
    """Return what makes a row's further cells."""
    columns = [(BY_KEY[key], _words_of(BY_KEY[key])) for key in _extras(query)]

    def cells(row: Row) -> list[Extra]:
        return [
            Extra(
                is_amount=column.kind is ColumnKind.AMOUNT,
                is_instant=column.kind is ColumnKind.INSTANT,
                value=said(row),
            )
            for column, said in columns
        ]

    return cells


def _words_of(column: Column) -> Callable[[Row], Any]:
    return _SAID.get(column.key, column.value)


def _extras(query: BalanceQuery) -> list[str]:
    return [key for key in query.columns if key not in OWN_CELLS]


def sections(
    query: BalanceQuery, views: Iterable[Any], *, groups: Mapping[str, Sequence[Total]]
) -> list[Section]:
    """Put rows under the heads the query groups by; totals are of the whole group, not the page."""
    if not query.group_by:
        return [Section(label="", long_label="", totals=(), rows=list(views))]
    key, name = _GROUPS[query.group_by[0]]
    return [
        Section(
            label=name(value),
            long_label=_long_label(query, value),
            totals=total_views(groups.get(value.partition("\0")[0], ())),
            rows=list(rows),
        )
        for value, rows in groupby(views, key=lambda view: key(view.row))
    ]


def _long_label(query: BalanceQuery, value: str) -> str:
    known = currency(value) if query.group_by == ("currency",) else None
    return known.name if known else ""


_GROUPS: dict[str, tuple[Callable[[Row], str], Callable[[str], str]]] = {
    "currency": (lambda row: row.currency, str),
    "holder": (lambda row: row.holder, lambda value: str(HOLDERS[value])),
    "provider": (lambda row: row.provider, provider_label),
    "account": (
        lambda row: f"{row.account_public_id}\0{row.account_name}",
        lambda value: value.partition("\0")[2],
    ),
}
