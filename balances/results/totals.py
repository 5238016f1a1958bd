"""Add balances up: per currency, holder and counting, asked or not, and never across them.

One grouped statement over the filter gives count, sums, how many rows report a figure at all, what is below zero,
and by state from when to when they were read. Means and merged totals are computed in Python, exactly.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, When

from balances.fields import EXACT, AmountSum, mean
from balances.query.catalogue import STATES
from balances.query.compile import CLOSED, FRESH
from balances.query.tree import AMOUNTS, BalanceQuery
from balances.results.context import Context
from balances.results.facets import FACETS, ZERO, Facets, counted, groups_of, ranked
from balances.results.snapshot import snapshot

# Own money stands first, and live money before what is only listed.
_HOLDERS = ("OWN", "CUSTOMERS")
_COUNTINGS = ("LIVE", "MANUAL", "UNVERIFIED", "DUPLICATE", "TEST", "TEST_DUPLICATE")
# A state is part of every group, so that its rows and readings are told apart for the price of none.
_KEY = ("currency", "holder", "counting", "state_rank")
CREDENTIAL = "scope__credential_id"
ACCOUNT = "shown_account"


@dataclass(frozen=True, kw_only=True)
class AmountTotal:
    """Hold the sum of one figure; `sum` is None when no row reports it.

    Units: natural units of the total's currency.
    """

    sum: Decimal | None = None
    reported: int = 0
    negative_sum: Decimal = Decimal(0)
    negative_count: int = 0

    @property
    def mean(self) -> Decimal | None:
        """Return the mean of the rows that report it, rounded to 18 places."""
        return None if self.sum is None else mean(self.sum, count=self.reported)

    @property
    def positive_sum(self) -> Decimal:
        """Return the sum of what is not below zero."""
        return EXACT.subtract(self.sum or Decimal(0), self.negative_sum)


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Hold how many rows stand in one state, and the first and last reading that confirmed them."""

    rows: int
    first: datetime | None
    last: datetime | None

    def joined(self, other: "Reads") -> "Reads":
        """Return both together."""
        return Reads(
            rows=self.rows + other.rows,
            first=min((at for at in (self.first, other.first) if at is not None), default=None),
            last=max((at for at in (self.last, other.last) if at is not None), default=None),
        )


@dataclass(frozen=True, kw_only=True)
class Total:
    """Hold the figures of one currency, holder and counting, whose codes are as stored.

    Time: `oldest_as_of` is the oldest time among its rows; `reads` are our readings, by state: the first and the
    last that confirmed its rows, None where none did.
    """

    currency: str
    holder: str
    counting: str
    rows: int
    not_fresh: int
    oldest_as_of: datetime | None
    available: AmountTotal
    pending: AmountTotal
    ledger: AmountTotal
    reads: Mapping[str, Reads] = field(default_factory=dict)
    credential_id: int | None = None
    account_key: int | None = None
    is_zero: bool = False

    @property
    def oldest_read(self) -> datetime | None:
        """Return the oldest of the readings that confirmed its rows."""
        return min((each.first for each in self.reads.values() if each.first), default=None)

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what may be added to it: only totals of the same key."""
        return (self.currency, self.holder, self.counting)


def totals(query: BalanceQuery, *, context: Context) -> list[Total]:
    """Return the totals over the whole filter. Raises: QueryError."""
    with snapshot():
        return merge(grouped(query, context=context))


def by_provider(query: BalanceQuery, *, context: Context) -> dict[str, list[Total]]:
    """Return the totals of each provider, by its code. Raises: QueryError."""
    with snapshot():
        return per_provider(grouped(query, CREDENTIAL, context=context), context)


def grouped(
    query: BalanceQuery, *by: str, accounts: Collection[int] = (), context: Context
) -> list[Total]:
    """Run the one grouped statement, by further columns of ours; some accounts, by their keys, each apart."""
    found = ranked(context.matching(query))
    if accounts:
        shown = Case(When(account_id__in=accounts, then=F("account_id")), default=None)
        found, by = found.annotate(**{ACCOUNT: shown}), (*by, ACCOUNT)
    return [_total(row) for row in found.values(*_KEY, *by).annotate(**_AGGREGATES)]


def merge(parts: Iterable[Total]) -> list[Total]:
    """Add up totals of one key each, in the order in which they are shown."""
    found: dict[tuple[str, str, str], Total] = {}
    for part in parts:
        known = found.get(part.key)
        found[part.key] = (
            replace(part, credential_id=None, account_key=None, is_zero=False)
            if known is None
            else _added(known, part)
        )
    return sorted(found.values(), key=_place)


def per_provider(parts: Iterable[Total], context: Context) -> dict[str, list[Total]]:
    """Merge totals of credentials into totals of providers."""
    found: dict[str, list[Total]] = {}
    for part in parts:
        if part.credential_id is not None:
            found.setdefault(context.by_id[part.credential_id].provider, []).append(part)
    return {provider: merge(found[provider]) for provider in sorted(found)}


def per_account(parts: Iterable[Total]) -> dict[str, list[Total]]:
    """Merge totals into those of the accounts that were told apart, by their keys."""
    found: dict[str, list[Total]] = {}
    for part in parts:
        if part.account_key is not None:
            found.setdefault(str(part.account_key), []).append(part)
    return {key: merge(totals) for key, totals in found.items()}


def everything(context: Context) -> tuple[list[Total], Facets]:
    """Return the totals of all open rows, by credential and zero too, and the counts of all, in one statement."""
    with snapshot():
        groups = list(groups_of(context, *FACETS, "counting", ZERO).annotate(**_AGGREGATES))
    open_ones = [group for group in groups if group["state_rank"] != CLOSED]
    return [_total(each) for each in open_ones], counted(groups, context)


def _amount_aggregates(name: str) -> dict[str, Any]:
    below = Q((f"{name}__lt", Decimal(0)))
    return {
        f"{name}_sum": AmountSum(name),
        f"{name}_reported": Count(name),
        f"{name}_negative_sum": AmountSum(name, filter=below),
        f"{name}_negative_count": Count("pk", filter=below),
    }


_AGGREGATES: dict[str, Any] = {
    "n": Count("pk"),
    "oldest": Min("true_as_of"),
    "first_read": Min("read_at"),
    "last_read": Max("read_at"),
    **{key: value for name in AMOUNTS for key, value in _amount_aggregates(name).items()},
}


def _total(row: Mapping[str, Any]) -> Total:
    return Total(
        currency=row["currency"],
        holder=row["holder"],
        counting=row["counting"],
        rows=row["n"],
        not_fresh=0 if row["state_rank"] == FRESH else row["n"],
        oldest_as_of=row["oldest"],
        reads={
            STATES[row["state_rank"]]: Reads(
                rows=row["n"], first=row["first_read"], last=row["last_read"]
            )
        },
        available=_amount(row, "available"),
        pending=_amount(row, "pending"),
        ledger=_amount(row, "ledger"),
        credential_id=row.get(CREDENTIAL),
        account_key=row.get(ACCOUNT),
        is_zero=bool(row.get(ZERO)),
    )


def _amount(row: Mapping[str, Any], name: str) -> AmountTotal:
    return AmountTotal(
        sum=row[f"{name}_sum"],
        reported=row[f"{name}_reported"],
        negative_sum=row[f"{name}_negative_sum"] or Decimal(0),
        negative_count=row[f"{name}_negative_count"],
    )


def _added(one: Total, other: Total) -> Total:
    oldest = [at for at in (one.oldest_as_of, other.oldest_as_of) if at is not None]
    return Total(
        currency=one.currency,
        holder=one.holder,
        counting=one.counting,
        rows=one.rows + other.rows,
        not_fresh=one.not_fresh + other.not_fresh,
        oldest_as_of=min(oldest, default=None),
        reads=added_reads(one.reads, other.reads),
        available=_added_amount(one.available, other.available),
        pending=_added_amount(one.pending, other.pending),
        ledger=_added_amount(one.ledger, other.ledger),
    )


def added_reads(one: Mapping[str, Reads], other: Mapping[str, Reads]) -> dict[str, Reads]:
    """Add up rows by state, and span their readings."""
    found = {**one}
    for state, reads in other.items():
        known = found.get(state)
        found[state] = reads if known is None else known.joined(reads)
    return found


def _added_amount(one: AmountTotal, other: AmountTotal) -> AmountTotal:
    known = [part.sum for part in (one, other) if part.sum is not None]
    return AmountTotal(
        sum=EXACT.add(*known) if len(known) == 2 else next(iter(known), None),
        reported=one.reported + other.reported,
        negative_sum=EXACT.add(one.negative_sum, other.negative_sum),
        negative_count=one.negative_count + other.negative_count,
    )


def _place(total: Total) -> tuple[str, int, int]:
    return (total.currency, _HOLDERS.index(total.holder), _COUNTINGS.index(total.counting))
