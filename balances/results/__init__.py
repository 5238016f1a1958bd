"""Answer a query for one tenant: a page, totals, a stream, one row; all from the same filter.

The clock is passed in with the `Context`. Reads of several statements agree inside `snapshot()`.
"""

from balances.results.context import Context, CredentialFacts
from balances.results.facets import Facets, facets
from balances.results.gaps import Gap, gaps
from balances.results.pages import Page, page
from balances.results.rows import Row, at_least, one, stream
from balances.results.snapshot import TIME_LIMIT, savepoint, snapshot
from balances.results.span import Span, count, span
from balances.results.totals import (
    AmountTotal,
    Reads,
    Total,
    added_reads,
    by_provider,
    merge,
    totals,
)

__all__ = (
    "TIME_LIMIT",
    "AmountTotal",
    "Context",
    "CredentialFacts",
    "Facets",
    "Gap",
    "Page",
    "Reads",
    "Row",
    "Span",
    "Total",
    "added_reads",
    "at_least",
    "by_provider",
    "count",
    "facets",
    "gaps",
    "merge",
    "one",
    "page",
    "savepoint",
    "snapshot",
    "span",
    "stream",
    "totals",
)
