"""Hold a question about balances as frozen values that know nothing of addresses or tables."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

Value = str | Decimal | datetime | int | bool


class Logic(StrEnum):
    """Join the filters of a group: all of them, or any."""

    AND = "and"
    OR = "or"


@dataclass(frozen=True, slots=True)
class Condition:
    """Compare one field; `field` and `operator` are names of the catalogue.

    Units: natural, in each balance's own currency; ages in whole minutes. Time: instants are aware UTC.
    """

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Join conditions and further groups."""

    logic: Logic = Logic.AND
    filters: tuple["Condition | Group", ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """Walk the conditions at every depth, from left to right."""
        for part in self.filters:
            if isinstance(part, Condition):
                yield part
            else:
                yield from part.conditions()


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by one field; rows without a value stand last in both directions."""

    field: str
    descending: bool = False


# What hides the rows that hold nothing: it changes no sum.
NOT_ZERO = Condition("balance", "eq", ("not_zero",))
DEFAULT_SORT = (Sort("currency"), Sort("available", descending=True))
DEFAULT_PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceQuery:
    """Ask for balances: all that table, chart, JSON and files know of a request.

    Every order ends in the row's key, unsaid. Empty `columns` are the default ones.
    """

    where: Group = Group()
    q: str = ""
    sort: tuple[Sort, ...] = DEFAULT_SORT
    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    group_by: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def is_unfiltered(self) -> bool:
        """Tell whether it asks for all there is."""
        return not self.where.filters and not self.q

    @property
    def names_state(self) -> bool:
        """Tell whether it speaks of `state`; only then may closed rows answer it."""
        return any(condition.field == "state" for condition in self.where.conditions())

    @property
    def hides_zero(self) -> bool:
        """Tell whether rows of nothing but zeros are left out, whatever else is asked."""
        return self.where.logic is Logic.AND and NOT_ZERO in self.where.filters

    def without(self, part: Condition | Group) -> "BalanceQuery":
        """Return the query without one part of the filter's top level."""
        rest = tuple(kept for kept in self.where.filters if kept != part)
        return replace(self, where=replace(self.where, filters=rest))

    @property
    def has_mixed_sort(self) -> bool:
        """Tell whether amounts of different currencies stand in one order, by number alone."""
        fields = [key.field for key in self.sort]
        amounts = [fields.index(name) for name in AMOUNTS if name in fields]
        return bool(amounts) and "currency" not in fields[: min(amounts)]


AMOUNTS = ("available", "pending", "ledger")


def inside_currency(keys: tuple[Sort, ...]) -> tuple[Sort, ...]:
    """Put currency before amounts, which compare only inside one; keys without an amount stay."""
    if not BalanceQuery(sort=keys).has_mixed_sort:
        return keys
    currency = next((key for key in keys if key.field == "currency"), Sort("currency"))
    return (currency, *(key for key in keys if key.field != "currency"))
