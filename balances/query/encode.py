"""Write a query as its one canonical address; equal queries have equal addresses."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote, urlencode

from balances.query.catalogue import BLANK, COLUMN_WORDS, FIELDS, OPERATORS
from balances.query.tree import (
    DEFAULT_PER_PAGE,
    DEFAULT_SORT,
    BalanceQuery,
    Condition,
    Logic,
    Sort,
    Value,
)
from providers.money import plain


class NoShortForm(ValueError):
    """Report a tree that names and values alone cannot say."""


def encode(query: BalanceQuery) -> str:
    """Return the query string, without defaults; "" is the default query.

    Raises: NoShortForm, for nested groups.
    """
    return urlencode(pairs(query), quote_via=quote, safe=",:")


def pairs(query: BalanceQuery) -> list[tuple[str, str]]:
    """Return the canonical names and values in order, to put into forms. Raises: NoShortForm."""
    found = [("q", query.q)] if query.q else []
    found += [pair for condition in _flat(query) for pair in _condition(condition)]
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


def encode_value(value: Value) -> str:
    """Write one value: amounts plain, instants in UTC with Z, no text as its sign."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value or BLANK


def _flat(query: BalanceQuery) -> list[Condition]:
    group = query.where
    conditions = [part for part in group.filters if isinstance(part, Condition)]
    names = {_name(condition) for condition in conditions}
    if group.logic is not Logic.AND or not len(group.filters) == len(conditions) == len(names):
        raise NoShortForm("nested groups have no short form")
    fields, operators = list(FIELDS), list(OPERATORS)
    return sorted(conditions, key=lambda c: (fields.index(c.field), operators.index(c.operator)))


def _name(condition: Condition) -> str:
    plainly = condition.operator in ("eq", "in")
    return condition.field if plainly else f"{condition.field}__{condition.operator}"


def _condition(condition: Condition) -> list[tuple[str, str]]:
    name, values = _name(condition), [encode_value(value) for value in condition.values]
    if condition.operator == "between":
        return [(name, ",".join(values))]
    return [(name, value) for value in values]
