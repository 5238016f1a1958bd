"""Answer one page of a query: its rows, how many there are, and the totals of the whole filter."""

from dataclasses import dataclass

from balances.query.tree import NOT_ZERO, BalanceQuery
from balances.results.context import Context
from balances.results.facets import ZERO, Facets, facets
from balances.results.rows import Row, ordered_by, read
from balances.results.snapshot import snapshot
from balances.results.totals import (
    CREDENTIAL,
    Total,
    everything,
    grouped,
    merge,
    per_account,
    per_provider,
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Hold one page and what is said around it.

    `tenant_count` leaves closed rows out unless the query names `state`. Past the end there are no rows, and `pages`
    is the last page to link to. `groups` has the whole totals of the groups the query asks for. `zero` counts the
    rows that are zero: those among the rows, or those that the query hides.
    """

    rows: tuple[Row, ...]
    count: int
    zero: int
    tenant_count: int
    totals: list[Total]
    groups: dict[str, list[Total]]
    facets: Facets
    number: int
    pages: int
    per_page: int
    start: int
    end: int


def page(query: BalanceQuery, *, context: Context) -> Page:
    """Return the page, in three statements: the rows, the filter's groups, and the tenant's.

    Without a filter the last two are one, unless accounts are grouped.
    Raises: QueryError.
    """
    first = (query.page - 1) * query.per_page
    with snapshot():
        rows = _rows(query, first, context)
        parts, counts = _parts(query, rows, context)
    zero = sum(part.rows for part in parts if part.is_zero)
    if query.hides_zero:
        parts = [part for part in parts if not part.is_zero]
    count = sum(part.rows for part in parts)
    merged = merge(parts)
    groups = _groups(query, parts, merged=merged, context=context)
    return Page(
        rows=rows,
        count=count,
        zero=zero,
        tenant_count=counts.tenant_count + (counts.closed_count if query.names_state else 0),
        totals=merged,
        groups=groups,
        facets=counts,
        number=query.page,
        pages=max(1, -(-count // query.per_page)),
        per_page=query.per_page,
        start=first + 1 if rows else 0,
        end=first + len(rows) if rows else 0,
    )


def _rows(query: BalanceQuery, first: int, context: Context) -> tuple[Row, ...]:
    ordered = ordered_by(query, context=context)
    return tuple(read(ordered[first : first + query.per_page], context=context))


def _parts(
    query: BalanceQuery, rows: tuple[Row, ...], context: Context
) -> tuple[list[Total], Facets]:
    """Return the totals of all the query asks for, zero and hidden ones too, and the tenant's counts."""
    asked = query.without(NOT_ZERO) if query.hides_zero else query
    if query.group_by == ("account",):
        shown = {row.account_key for row in rows}
        return grouped(asked, ZERO, accounts=shown, context=context), facets(context)
    if asked.is_unfiltered:
        return everything(context)
    by = (ZERO, CREDENTIAL) if query.group_by == ("provider",) else (ZERO,)
    return grouped(asked, *by, context=context), facets(context)


def _groups(
    query: BalanceQuery, parts: list[Total], *, merged: list[Total], context: Context
) -> dict[str, list[Total]]:
    """Return the totals of each group that the page shows a part of; accounts by their keys."""
    if query.group_by == ("provider",):
        return per_provider(parts, context)
    if query.group_by == ("account",):
        return per_account(parts)
    found: dict[str, list[Total]] = {}
    for name in query.group_by:
        for part in merged:
            found.setdefault(getattr(part, name), []).append(part)
    return found
