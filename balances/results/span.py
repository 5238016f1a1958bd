"""Say of all rows of a query how many stand in which state, and from when to when their figures are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min

from balances.query.catalogue import STATES
from balances.query.tree import BalanceQuery
from balances.results.context import Context
from balances.results.snapshot import snapshot


@dataclass(frozen=True, kw_only=True)
class Span:
    """Hold rows by state, in the states' order, and the as-of range; None where there is no figure."""

    states: Mapping[str, int]
    oldest: datetime | None
    newest: datetime | None

    @property
    def rows(self) -> int:
        """Count all rows."""
        return sum(self.states.values())


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
                n=Count("pk"), oldest=Min("true_as_of"), newest=Max("true_as_of")
            )
        )
    counts = {group["rank"]: group["n"] for group in groups}
    return Span(
        states={state: counts[rank] for rank, state in enumerate(STATES) if rank in counts},
        oldest=min((g["oldest"] for g in groups if g["oldest"]), default=None),
        newest=max((g["newest"] for g in groups if g["newest"]), default=None),
    )
