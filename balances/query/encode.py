"""Write a query as its one canonical address; equal queries have equal addresses."""

from urllib.parse import quote, urlencode

from balances.query.catalogue import COLUMN_WORDS, OPERATORS, Arity
from balances.query.json_tree import write_tree
from balances.query.normal import normal
from balances.query.tree import (
    DEFAULT_PER_PAGE,
    DEFAULT_SORT,
    BalanceQuery,
    Condition,
    Group,
    Sort,
)
from balances.query.values import encode_value


def encode(query: BalanceQuery) -> str:
    """Return the query string, without defaults; "" is the default query."""
    return urlencode(pairs(query), quote_via=quote, safe=",:")


def pairs(query: BalanceQuery) -> list[tuple[str, str]]:
    """Return the canonical names and values in order, to put into forms."""
    found = [("q", query.q)] if query.q else []
    found += _filters(normal(query.where))
    if query.group_by:
        found.append(("group_by", ",".join(query.group_by)))
    if query.sort != DEFAULT_SORT:
        found.append(("sort", ",".join(encode_sort(key) for key in query.sort)))
    if query.columns:
        found.append(("columns", ",".join(COLUMN_WORDS.get(key, key) for key in query.columns)))
    if query.page != 1:
        found.append(("page", str(query.page)))
    if query.per_page != DEFAULT_PER_PAGE:
        found.append(("per_page", str(query.per_page)))
    return found


def encode_sort(key: Sort) -> str:
    """Write one sort key, `-` before it when it descends."""
    return f"-{key.field}" if key.descending else key.field


def _filters(where: Group) -> list[tuple[str, str]]:
    """Write what names and values alone can say so, and the rest as one tree."""
    found: list[tuple[str, str]] = []
    rest: list[Condition | Group] = []
    names: set[str] = set()
    for part in where.filters:
        if isinstance(part, Group) or (name := short_name(part)) in names:
            rest.append(part)
        else:
            names.add(name)
            found += [(name, value) for value in _short_values(part)]
    if rest:
        alone = rest[0] if len(rest) == 1 else None
        found.append(
            (
                "filters",
                write_tree(alone if isinstance(alone, Group) else Group(filters=tuple(rest))),
            )
        )
    return found


def short_name(condition: Condition) -> str:
    """Return the parameter that says a condition: `field`, or `field__operator`."""
    plainly = condition.operator in ("eq", "in")
    return (
        condition.field
        if plainly
        else f"{condition.field}__{_REPEATED.get(condition.operator, condition.operator)}"
    )


# A list is its single form repeated.
_REPEATED = {"not_in": "not_eq"}


def _short_values(condition: Condition) -> list[str]:
    arity = OPERATORS[condition.operator].arity
    if arity is Arity.NONE:
        return ["true"]
    values = [encode_value(value) for value in condition.values]
    return [",".join(values)] if arity is Arity.TWO else values
