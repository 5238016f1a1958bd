"""Bring a filter into its one form: flat where groups say the same, nothing twice, the top level in order.

The top level joins with "and". Its conditions stand in the catalogue's order, its groups behind them as they
were made, since people read a group in the order in which they built it.
"""

from balances.query.catalogue import FIELDS, OPERATORS, Kind
from balances.query.tree import NOT_ZERO, Condition, Group, Logic, Value

_BLANK = {"is_null": "eq", "is_not_null": "not_eq"}
_OTHER: dict[tuple[Value, ...], tuple[Value, ...]] = {
    ("zero",): ("not_zero",),
    ("not_zero",): ("zero",),
}
_FIELD_RANKS = {name: rank for rank, name in enumerate(FIELDS)}
_OPERATOR_RANKS = {name: rank for rank, name in enumerate(OPERATORS)}


def normal(where: Group) -> Group:
    """Return the filter's one form; equal filters become equal values."""
    flat = _flat(where)
    parts = flat.filters if flat.logic is Logic.AND or len(flat.filters) == 1 else (flat,)
    conditions = sorted((part for part in parts if isinstance(part, Condition)), key=_rank)
    groups = (part for part in parts if isinstance(part, Group))
    return Group(Logic.AND, (*conditions, *groups))


def _flat(group: Group) -> Group:
    """Take groups apart that join as their group does, or hold one part only."""
    parts: list[Condition | Group] = []
    for part in group.filters:
        inner = _flat(part) if isinstance(part, Group) else Group(group.logic, (_plain(part),))
        is_alike = inner.logic is group.logic or len(inner.filters) == 1
        parts += inner.filters if is_alike else (inner,)
    once = tuple(dict.fromkeys(parts))
    if len(once) == 1 and isinstance(once[0], Group):
        return once[0]
    return Group(group.logic, once)


def _plain(condition: Condition) -> Condition:
    """Write lists in order and once each, a list of one as equality, no text as the "" it is kept as.

    What is not zero is written so, since a page counts the rows that it hides.
    """
    if condition.operator in _BLANK and FIELDS[condition.field].kind is Kind.TEXT:
        return Condition(condition.field, _BLANK[condition.operator], ("",))
    condition = _listed(condition)
    if condition.field == NOT_ZERO.field and condition.operator == "not_eq":
        return Condition(condition.field, "eq", _OTHER[condition.values])
    return condition


def _listed(condition: Condition) -> Condition:
    if condition.operator not in ("in", "not_in"):
        return condition
    values: tuple[Value, ...] = tuple(sorted(dict.fromkeys(condition.values)))
    operator = condition.operator
    if len(values) == 1:
        operator = "eq" if operator == "in" else "not_eq"
    return Condition(condition.field, operator, values)


def _rank(condition: Condition) -> tuple[int, int, list[str]]:
    values = [str(value) for value in condition.values]
    return (_FIELD_RANKS[condition.field], _OPERATOR_RANKS[condition.operator], values)
