"""Read the filters of an address that are a name and values: `currency=USD`, `available__gte=100`.

Several of one name mean "or", and "none of them" where the name negates, so that a second value never widens.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from balances.query import catalogue
from balances.query.catalogue import FIELDS, OPERATORS, Arity, Field, Operator
from balances.query.faults import Fault
from balances.query.names import shown
from balances.query.tree import Condition, Group, Logic, Value
from balances.query.values import BadValue, read_value
from providers.phrases import phrase as _

# What one name repeated says, and what its values may also be written as: once, with commas.
_LISTS = {"eq": "in", "not_eq": "not_in"}
_SINGLES = {several: single for single, several in _LISTS.items()}


def read_short(
    name: str, texts: list[str], *, zone: ZoneInfo, known: str
) -> tuple[Condition | Group | None, list[Fault]]:
    """Return what one name asks with all its values, or the faults in it.

    `known` lists the names there are, for the message. Time: instants without an offset are in `zone`.
    """
    reader = _Reader(name, zone)
    part = reader.read(texts, known)
    return (None, reader.faults) if reader.faults else (part, [])


class _Reader:
    """Read one name's values, collecting faults."""

    def __init__(self, name: str, zone: ZoneInfo) -> None:
        self.name = name
        self.zone = zone
        self.faults: list[Fault] = []

    def read(self, texts: list[str], known: str) -> Condition | Group | None:
        """Read everything."""
        field_name, mark, operator_name = self.name.partition("__")
        field = FIELDS.get(field_name)
        if field is None:
            self.fail("unknown_field", _("is not known; known are %(known)s", known=known))
            return None
        operator = OPERATORS.get(operator_name) if mark else OPERATORS["eq"]
        if operator is None or not field.allows(operator.name):
            words = _("is no way to filter %(field)s", field=field.label.lower())
            self.fail("unknown_operator", words)
            return None
        if operator.arity is Arity.MANY:
            texts = [part for text in texts for part in text.split(",") if part.strip()]
            operator = OPERATORS[_SINGLES[operator.name]]
        return self.compared(field, operator, texts)

    def compared(
        self, field: Field, operator: Operator, texts: list[str]
    ) -> Condition | Group | None:
        """Compare with one value, with a list of them, or in one of several ways."""
        several = _LISTS.get(operator.name, "")
        if field.allows(several):
            values = tuple(self.values(field, operator, texts))
            if not values and not self.faults:
                self.fail("empty", _("is empty"))
            return Condition(field.name, operator.name if len(values) == 1 else several, values)
        logic = Logic.AND if operator.negates else Logic.OR
        operands = [self.operands(field, operator, text) for text in texts]
        return Group(logic, tuple(Condition(field.name, operator.name, each) for each in operands))

    def operands(self, field: Field, operator: Operator, text: str) -> tuple[Value, ...]:
        """Read what one comparison takes: nothing, one value or two."""
        if operator.arity is Arity.NONE:
            if text.strip().lower() != "true":
                words = _("is written %(name)s=true, not %(text)r", name=self.name, text=text[:40])
                self.fail("no_value", words)
            return ()
        texts = text.split(",") if operator.arity is Arity.TWO else [text]
        if operator.arity is Arity.TWO and len(texts) != 2:
            self.fail("two_values", _("takes two values with a comma between"))
            return ()
        return tuple(self.values(field, operator, texts))

    def values(self, field: Field, operator: Operator, texts: list[str]) -> Iterator[Value]:
        """Read values of one field."""
        if len(texts) > catalogue.MAX_VALUES:
            words = _(
                "has %(n)d values; %(most)d are the most", n=len(texts), most=catalogue.MAX_VALUES
            )
            self.fail("too_many_values", words)
            return
        for text in texts:
            try:
                yield read_value(field, text, zone=self.zone, operator=operator.name)
            except BadValue as fault:
                self.fail(fault.code, fault.message)

    def fail(self, code: str, message: str) -> None:
        """Remember a fault."""
        self.faults.append(Fault(shown(self.name), code, message))
