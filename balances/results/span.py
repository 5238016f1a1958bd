"""Say of all rows of a query how many stand in which state, when they were confirmed, and from when they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min

from balances.query.catalogue import STATES
from balances.query.tree import BalanceQuery
from balances.results.context import Context
from balances.results.snapshot import snapshot
from balances.results.totals import Reads


@dataclass(frozen=True, kw_only=True)
class Span:
    """Hold rows and our readings by state, in the states' order, and the as-of range; None where there is no figure."""

    reads: Mapping[str, Reads]
    oldest: datetime | None
    newest: datetime | None

    @property
    def rows(self) -> int:
        """Count all rows."""
        return sum(each.rows for each in self.reads.values())


def count(query: BalanceQuery, *, context: Context) -> int:
    """Count a query's rows, in one statement. Raises: QueryError."""
    with snapshot():
        return context.matching(query).order_by().count()


def span(query: BalanceQuery, *, context: Context) -> Span:
    """Return the span of a query's rows, in one statement. Raises: QueryError."""
    found = context.matching(query).annotate(rank=F("state_rank")).order_by()
    with snapshot():
        groups = list(
            found.values("rank").annotate(
                n=Count("pk"),
                oldest=Min("true_as_of"),
                newest=Max("true_as_of"),
                first=Min("read_at"),
                last=Max("read_at"),
            )
        )
    reads = {
        group["rank"]: Reads(rows=group["n"], first=group["first"], last=group["last"])
        for group in groups
    }
    return Span(
        reads={state: reads[rank] for rank, state in enumerate(STATES) if rank in reads},
        oldest=min((g["oldest"] for g in groups if g["oldest"]), default=None),
        newest=max((g["newest"] for g in groups if g["newest"]), default=None),
    )
