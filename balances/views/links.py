"""Make the addresses that change one thing of a query and keep the rest."""

from dataclasses import dataclass, replace

from balances.query.catalogue import MAX_SORTS
from balances.query.encode import encode
from balances.query.tree import (
    AMOUNTS,
    DEFAULT_SORT,
    NOT_ZERO,
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
        return self.to(replace(self.query.without(part), page=1))

    def hiding_zero(self) -> str:
        """Leave out the rows that are zero."""
        return self.to(self._where((*_others(self.query, NOT_ZERO.field), NOT_ZERO)))

    def with_columns(self, keys: tuple[str, ...]) -> str:
        """Show these columns, or with none the page's own choice; the rows stay."""
        return self.to(replace(self.query, columns=keys))

    def without_field(self, field: str) -> str:
        """Drop the top-level conditions on one field."""
        return self.to(self._where(_others(self.query, field)))

    def only(self, field: str, *values: str) -> str:
        """Ask one field for these values, in place of what was asked of it."""
        condition = Condition(field, "eq" if len(values) == 1 else "in", values)
        return self.to(self._where((*_others(self.query, field), condition)))

    def sorted_by(self, field: str) -> str:
        """Sort by one field; again turns it, a third time drops it. An amount sorts inside its currency."""
        current = _key(self.query, field)
        if current is None or (self.query.sort == DEFAULT_SORT and field not in AMOUNTS):
            return self._sorted((_first(field),))
        return self._sorted(_stepped(self.query.sort, current))

    def also_sorted_by(self, field: str) -> str:
        """Add a key behind the others; again turns it, a third time drops it."""
        return self.to(also_sorted(self.query, field))

    def turned(self, key: Sort) -> str:
        """Turn one key the other way."""
        return self._sorted(_with(self.query.sort, key, _turned(key)))

    def dropped(self, key: Sort) -> str:
        """Drop one key."""
        return self._sorted(_with(self.query.sort, key, None))

    def _sorted(self, sort: tuple[Sort, ...]) -> str:
        return self.to(_with_sort(self.query, sort))

    def _where(self, filters: tuple[Condition | Group, ...]) -> BalanceQuery:
        return replace(self.query, where=replace(self.query.where, filters=filters), page=1)


def also_sorted(query: BalanceQuery, field: str) -> BalanceQuery:
    """Return the query with one more key, or with the one that is there turned, then dropped; a full sort stays."""
    current = _key(query, field)
    if current is not None:
        return _with_sort(query, _stepped(query.sort, current))
    return query if is_full(query) else _with_sort(query, (*query.sort, _first(field)))


def is_full(query: BalanceQuery) -> bool:
    """Tell whether no further key fits; currency, which amounts need before them, is not counted."""
    return len([key for key in query.sort if key.field != "currency"]) >= MAX_SORTS


def _key(query: BalanceQuery, field: str) -> Sort | None:
    return next((key for key in query.sort if key.field == field), None)


def _with_sort(query: BalanceQuery, sort: tuple[Sort, ...]) -> BalanceQuery:
    return replace(query, sort=inside_currency(sort) or DEFAULT_SORT, page=1)


def _stepped(keys: tuple[Sort, ...], key: Sort) -> tuple[Sort, ...]:
    """Turn a key that stands as it began, and drop one that was turned."""
    return _with(keys, key, _turned(key) if key == _first(key.field) else None)


def _turned(key: Sort) -> Sort:
    return replace(key, descending=not key.descending)


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
