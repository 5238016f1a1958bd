"""Put the cells of the page into the order of its columns, and group its rows under heads with their totals."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from django.template import Engine, Template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.columns import BY_KEY, Column, ColumnKind
from balances.models import AccountKind
from balances.query.tree import BalanceQuery
from balances.results import Row, Total
from balances.results.context import provider_label
from balances.views.links import Links
from balances.views.row_cells import WHOLLY, WRITERS, Frame
from balances.views.sorting import head
from balances.views.totals import TotalView, total_views
from balances.views.words import COUNTING, HOLDERS
from providers.currencies import currency
from providers.models import AsOfSource

# The page's own choice. Each has a template of its own in balances/cells; every other is written by its kind.
OWN_CELLS = (
    "account_name",
    "provider",
    "holder",
    "account_ref",
    "network",
    "currency",
    "available",
    "pending",
    "fetched_at",
)
# A narrow window does without these, unless they were chosen.
_OPTIONAL = frozenset({"holder", "account_ref", "network"})
_HEADS = {"currency": "cur", "fetched_at": "asof"}
_TEMPLATES = {ColumnKind.AMOUNT: "amount", ColumnKind.INSTANT: "instant"}
# Files hold these as codes and ids; a page says them.
_SAID: Mapping[str, Callable[[Row], str]] = {
    "credential": lambda row: row.credential_name,
    "account_kind": lambda row: str(AccountKind(row.account_kind).label),
    "as_of_source": lambda row: str(AsOfSource(row.as_of_source).label) if row.as_of_source else "",
    "counting": lambda row: str(COUNTING[row.counting]),
    "verified": lambda row: _("Yes") if row.verified else _("No"),
}


# By these a page's own cells are alike, though their rows are not.
_SAME: Mapping[str, Callable[[Any], Hashable]] = {
    "provider": lambda item: (item.row.provider_label, item.row.slot, item.holder),
    "holder": lambda item: item.holder,
    "network": lambda item: item.row.network,
    "currency": lambda item: (item.row.currency, item.again),
    "fetched_at": lambda item: (item.row.provider_label, item.row.state, *_times(item.row)),
}


def _times(row: Row) -> tuple[object, ...]:
    return (row.fetched_at, row.as_of_source, row.as_of)


class Cell(NamedTuple):
    """One cell of a row: what writes it, its column's name, how it begins, and its value unless the row has it.

    `same` tells by a RowView which cells of the column are alike; `written` holds those of this page. `write` takes
    the place of a template.
    """

    template: Template | None
    label: str
    start: SafeString
    value: Any
    same: Callable[[Any], Hashable] | None
    written: dict[Hashable, str]
    write: Callable[[Any], str | None] | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """Rows under one head; a table that is not grouped is one section without a head."""

    label: str
    long_label: str
    totals: Sequence[TotalView]
    rows: Sequence[Any]


def columns_of(query: BalanceQuery) -> tuple[str, ...]:
    """Return the columns the page shows, in their order."""
    return query.columns or OWN_CELLS


def heads(query: BalanceQuery, *, links: Links) -> list[dict[str, Any]]:
    """Return the column heads; most sort, some are words alone."""
    return [_head(BY_KEY[key], query, links) for key in columns_of(query)]


def _head(column: Column, query: BalanceQuery, links: Links) -> dict[str, Any]:
    css = "num" if column.kind is ColumnKind.AMOUNT else _HEADS.get(column.key, "")
    if not query.columns and column.key in _OPTIONAL:
        css = "opt"
    named = {"cell": column.key, "label": _(column.header), "css": css}
    return (head(column.sort, query, links=links) if column.sort else {}) | named


def cells(query: BalanceQuery) -> Callable[[Row], Sequence[Cell]]:
    """Return what makes a row's cells, in the order of the columns."""
    makers = [_maker(BY_KEY[key], query) for key in columns_of(query)]

    def make(row: Row) -> Sequence[Cell]:
        return [cell if said is None else cell._replace(value=said(row)) for cell, said in makers]

    return make


def _maker(column: Column, query: BalanceQuery) -> tuple[Cell, Callable[[Row], Any] | None]:
    """Return a column's cell, and what gives it a value unless the row's own form does."""
    is_own = column.key in OWN_CELLS
    name = column.key if is_own else _TEMPLATES.get(column.kind, "text")
    label = _(column.header)
    start = _start(column, label, query)
    writer = WRITERS.get(name) if is_own else None
    cell = Cell(
        template=None if is_own and name in WHOLLY else _template(name),
        label=label,
        start=start,
        value=None,
        same=_SAME.get(column.key),
        written={},
        write=writer and partial(writer, Frame(start, label, "fetched_at" in columns_of(query))),
    )
    return cell, None if is_own else column.said or _SAID.get(column.key, column.value)


def _template(name: str) -> Template:
    return Engine.get_default().get_template(f"balances/cells/_{name}.html")


def _start(column: Column, label: str, query: BalanceQuery) -> SafeString:
    """Begin a cell; on a phone a chosen column stands below the others with its name, the page's own do not."""
    css = "num " if column.kind is ColumnKind.AMOUNT else ""
    if query.columns:
        return format_html('<td role="cell" class="{}a-x" data-label="{}">', css, label)
    return format_html('<td role="cell" class="{}opt wide">', css)


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
        lambda row: f"{row.account_key}\0{row.account_name}",
        lambda value: value.partition("\0")[2],
    ),
}
