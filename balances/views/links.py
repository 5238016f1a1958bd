"""Make the addresses that change one thing of a query and keep the rest."""

from dataclasses import dataclass, replace

from balances.query.catalogue import MAX_SORTS
from balances.query.encode import encode
from balances.query.tree import (
    AMOUNTS,
    DEFAULT_SORT,
    BalanceQuery,
    Condition,
    Group,
    Sort,
    inside_currency,
)


@dataclass(frozen=True)
class Links:
    """Write addresses below one path from one query; every change but a page's goes back to page 1."""

    path: str
    query: BalanceQuery

    def to(self, query: BalanceQuery) -> str:
        """Write the address of a query."""
        text = encode(query)
        return f"{self.path}?{text}" if text else self.path

    def page(self, number: int) -> str:
        """Lead to another page of the same rows."""
        return self.to(replace(self.query, page=number))

    def per_page(self, number: int) -> str:
        """Change how many rows a page has."""
        return self.to(replace(self.query, per_page=number, page=1))

    def grouped_by(self, name: str) -> str:
        """Group the rows by one field; "" groups them no more."""
        return self.to(replace(self.query, group_by=(name,) if name else (), page=1))

    def cleared(self) -> str:
        """Drop search and filters, keep order, columns and page size."""
        return self.to(replace(self.query, where=Group(), q="", page=1))

    def without_search(self) -> str:
        """Drop the search."""
        return self.to(replace(self.query, q="", page=1))

    def without(self, part: Condition | Group) -> str:
        """Drop one part of the filter's top level."""
        return self.to(
            self._where(tuple(kept for kept in self.query.where.filters if kept != part))
        )

    def without_field(self, field: str) -> str:
        """Drop the top-level conditions on one field."""
        return self.to(self._where(_others(self.query, field)))

    def only(self, field: str, *values: str) -> str:
        """Ask one field for these values, in place of what was asked of it."""
        condition = Condition(field, "eq" if len(values) == 1 else "in", values)
        return self.to(self._where((*_others(self.query, field), condition)))

    def sorted_by(self, field: str) -> str:
        """Sort by one field; again turns it, a third time drops it. An amount sorts inside its currency."""
        current = next((key for key in self.query.sort if key.field == field), None)
        if current is None or (self.query.sort == DEFAULT_SORT and field not in AMOUNTS):
            return self._sorted((_first(field),))
        if current == _first(field):
            turned = replace(current, descending=not current.descending)
            return self._sorted(_with(self.query.sort, current, turned))
        return self._sorted(_with(self.query.sort, current, None))

    def also_sorted_by(self, field: str) -> str:
        """Add a key behind the others, or turn the one that is there."""
        current = next((key for key in self.query.sort if key.field == field), None)
        if current is not None:
            turned = replace(current, descending=not current.descending)
            return self._sorted(_with(self.query.sort, current, turned))
        if len(self.query.sort) == MAX_SORTS:
            return self._sorted(self.query.sort)
        return self._sorted((*self.query.sort, _first(field)))

    def turned(self, key: Sort) -> str:
        """Turn one key the other way."""
        return self._sorted(
            _with(self.query.sort, key, replace(key, descending=not key.descending))
        )

    def dropped(self, key: Sort) -> str:
        """Drop one key."""
        return self._sorted(_with(self.query.sort, key, None))

    def _sorted(self, sort: tuple[Sort, ...]) -> str:
        keys = inside_currency(sort)[:MAX_SORTS]
        return self.to(replace(self.query, sort=keys or DEFAULT_SORT, page=1))

    def _where(self, filters: tuple[Condition | Group, ...]) -> BalanceQuery:
        return replace(self.query, where=replace(self.query.where, filters=filters), page=1)


def _first(field: str) -> Sort:
    """Begin with the largest amount and the newest instant, but with A."""
    return Sort(field, descending=field in AMOUNTS or field in {"as_of", "fetched_at"})


def _with(keys: tuple[Sort, ...], old: Sort, new: Sort | None) -> tuple[Sort, ...]:
    changed = (new if key == old else key for key in keys)
    return tuple(key for key in changed if key is not None)


def _others(query: BalanceQuery, field: str) -> tuple[Condition | Group, ...]:
    return tuple(
        part
        for part in query.where.filters
        if not (isinstance(part, Condition) and part.field == field)
    )
