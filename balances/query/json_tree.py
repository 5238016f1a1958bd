"""Read and write a filter as JSON, in the shape of Payiano's list API: groups of conditions and groups.

Source: providers/payiano.md, "Filter grammar". Stricter than it: a key that is not known, or twice, is a fault.
"""

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from balances.query import catalogue
from balances.query.catalogue import FIELDS, OPERATORS, Arity, Field, Kind, Operator
from balances.query.faults import Fault, QueryError
from balances.query.names import shown
from balances.query.tree import Condition, Group, Logic, Value
from balances.query.values import BadValue, encode_value, read_value
from providers.phrases import phrase as _


class _Number(str):
    """Hold a JSON number as it was written; no float ever stands for it."""

    __slots__ = ()


def read_tree(text: str, *, zone: ZoneInfo, path: str = "filters") -> Group:
    """Return the group a JSON text holds.

    Time: instants without an offset are in `zone`. Raises: QueryError, with every fault by its JSON pointer.
    """
    reader = _Reader(zone)
    group = reader.root(_loaded(text, path), path)
    if reader.faults:
        raise QueryError(reader.faults)
    return group


def write_tree(group: Group) -> str:
    """Return the compact JSON of a group: keys in fixed order, values as exact text."""
    return json.dumps(_written(group), ensure_ascii=False, separators=(",", ":"))


def _written(part: Condition | Group) -> dict[str, Any]:
    if isinstance(part, Group):
        inner = [_written(each) for each in part.filters]
        return {"node": "group", "logic": part.logic.value, "filters": inner}
    node = {"node": "condition", "field": part.field, "operator": part.operator}
    arity = OPERATORS[part.operator].arity
    if arity is Arity.NONE:
        return node
    values = [_json_value(value) for value in part.values]
    return {**node, "value": values[0] if arity is Arity.ONE else values}


def _json_value(value: Value) -> str | bool | int:
    return value if isinstance(value, bool | int) else encode_value(value)


def _loaded(text: str, path: str) -> Any:
    try:
        return json.loads(
            text,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except BadValue as fault:
        raise QueryError.one(path, fault.code, fault.message) from None
    except RecursionError:
        raise QueryError.one(path, "too_deep", _depth_message()) from None
    except ValueError:
        raise QueryError.one(path, "bad_json", _("is not JSON")) from None


def _refuse_constant(name: str) -> Any:
    raise BadValue("bad_json", _("is not JSON: %(name)s is no number", name=name))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadValue("bad_json", _("names a key twice in one object"))
    return found


def _depth_message() -> str:
    return _("nests groups deeper than %(most)d", most=catalogue.MAX_DEPTH)


class _Reader:
    """Read nodes one inside the other, collecting faults."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.faults: list[Fault] = []
        self.conditions = 0

    def root(self, node: Any, path: str) -> Group:
        """Read the outermost node, a group; only it may hold nothing, and then filters nothing."""
        if not isinstance(node, dict) or node.get("node") != "group":
            self.fail(
                path, "bad_node", _('is a group: {"node":"group","logic":"and","filters":[…]}')
            )
            return Group()
        if node == {"node": "group", "logic": Logic.AND.value, "filters": []}:
            return Group()
        group = self.group(node, path, depth=1)
        if self.conditions > catalogue.MAX_CONDITIONS:
            message = _(
                "has %(n)d filters; %(most)d are the most",
                n=self.conditions,
                most=catalogue.MAX_CONDITIONS,
            )
            self.fail(path, "too_many_conditions", message)
        return group

    def fail(self, path: str, code: str, message: str) -> None:
        """Remember a fault."""
        self.faults.append(Fault(path, code, message))

    def group(self, node: dict[str, Any], path: str, *, depth: int) -> Group:
        """Read a group."""
        self.check_keys(node, path, known=("node", "logic", "filters"))
        if node.get("logic") not in tuple(Logic):
            self.fail(f"{path}/logic", "unknown_value", _("is and, or"))
            return Group()
        parts = node.get("filters")
        if not isinstance(parts, list) or not parts:
            self.fail(f"{path}/filters", "empty_group", _("is a list of one condition or more"))
            return Group()
        if depth > catalogue.MAX_DEPTH:
            self.fail(path, "too_deep", _depth_message())
            return Group()
        found = [
            self.part(each, f"{path}/filters/{index}", depth) for index, each in enumerate(parts)
        ]
        return Group(Logic(node["logic"]), tuple(part for part in found if part is not None))

    def part(self, node: Any, path: str, depth: int) -> Condition | Group | None:
        """Read a condition or an inner group."""
        kind = node.get("node") if isinstance(node, dict) else None
        if kind == "group":
            return self.group(node, path, depth=depth + 1)
        if kind == "condition":
            self.conditions += 1
            return self.condition(node, path)
        self.fail(f"{path}/node", "bad_node", _("is group or condition"))
        return None

    def condition(self, node: dict[str, Any], path: str) -> Condition | None:
        """Read a condition."""
        self.check_keys(node, path, known=("node", "field", "operator", "value"))
        field = _named(FIELDS, node.get("field"))
        if field is None:
            self.fail(
                f"{path}/field", "unknown_field", _("is one of %(known)s", known=", ".join(FIELDS))
            )
            return None
        operator = _named(OPERATORS, node.get("operator"))
        if operator is None or not field.allows(operator.name):
            known = ", ".join(name for name in OPERATORS if field.allows(name))
            message = _("is one of %(known)s for %(field)s", known=known, field=field.label.lower())
            self.fail(f"{path}/operator", "unknown_operator", message)
            return None
        values = self.values(node, field, operator, f"{path}/value")
        return None if values is None else Condition(field.name, operator.name, values)

    def values(
        self, node: dict[str, Any], field: Field, operator: Operator, path: str
    ) -> tuple[Value, ...] | None:
        """Read the values an operator takes; None when any is a fault."""
        if operator.arity is Arity.NONE:
            if "value" in node:
                self.fail(
                    path,
                    "no_value",
                    _("is left out: %(operator)s takes none", operator=operator.name),
                )
            return ()
        if "value" not in node:
            self.fail(
                path,
                "missing",
                _("is missing: %(operator)s compares with something", operator=operator.name),
            )
            return None
        given, is_list = node["value"], operator.arity is not Arity.ONE
        if is_list and not self.is_fitting_list(given, operator, path):
            return None
        texts = enumerate(given) if is_list else [(-1, given)]
        before = len(self.faults)
        found = [
            self.value(each, field, operator, path if index < 0 else f"{path}/{index}")
            for index, each in texts
        ]
        return (
            tuple(value for value in found if value is not None)
            if before == len(self.faults)
            else None
        )

    def is_fitting_list(self, given: Any, operator: Operator, path: str) -> bool:
        """Tell whether a list has as many values as its operator takes."""
        if not isinstance(given, list) or not given:
            self.fail(
                path, "bad_type", _("is a list of values for %(operator)s", operator=operator.name)
            )
        elif operator.arity is Arity.TWO and len(given) != 2:
            self.fail(
                path,
                "two_values",
                _("has exactly two values for %(operator)s", operator=operator.name),
            )
        elif len(given) > catalogue.MAX_VALUES:
            message = _(
                "has %(n)d values; %(most)d are the most", n=len(given), most=catalogue.MAX_VALUES
            )
            self.fail(path, "too_many_values", message)
        else:
            return True
        return False

    def value(self, given: Any, field: Field, operator: Operator, path: str) -> Value | None:
        """Read one value, of the JSON type that fits the field."""
        try:
            text = _JSON_TYPES.get(field.kind, _text)(given)
            return read_value(field, text, zone=self.zone, operator=operator.name)
        except BadValue as fault:
            self.fail(path, fault.code, fault.message)
            return None

    def check_keys(self, node: dict[str, Any], path: str, *, known: tuple[str, ...]) -> None:
        """Refuse keys that say nothing to us."""
        for key in node.keys() - set(known):
            self.fail(
                f"{path}/{_pointer(key)}",
                "unknown_key",
                _("is none of %(known)s", known=", ".join(known)),
            )


def _named(table: dict[str, Any], name: Any) -> Any:
    return table.get(name) if isinstance(name, str) else None


def _pointer(key: str) -> str:
    return shown(key).replace("~", "~0").replace("/", "~1")


def _text(given: Any) -> str:
    if not isinstance(given, str) or isinstance(given, _Number):
        raise BadValue("bad_type", _("is a text in quotes"))
    return given


def _number(given: Any) -> str:
    if not isinstance(given, str):
        raise BadValue("bad_type", _("is a number, or a number in quotes"))
    return given


def _flag(given: Any) -> str:
    if not isinstance(given, bool):
        raise BadValue("bad_type", _("is true or false"))
    return "true" if given else "false"


_JSON_TYPES: dict[Kind, Callable[[Any], str]] = {
    Kind.AMOUNT: _number,
    Kind.MINUTES: _number,
    Kind.FLAG: _flag,
}
