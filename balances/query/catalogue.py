"""List what one may ask: the fields, the operators that fit them, the limits, the columns.

Operators are data. A further one is a line here and a line in `compile`; a negated twin names the
operator whose exact complement it is.
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_LENGTH = 16_384
MAX_DEPTH = 8
MAX_CONDITIONS = 100
MAX_VALUES = 500
MAX_TEXT = 256
MAX_Q = 64
MAX_TERMS = 5
MAX_SORTS = 5
MAX_GROUPS = 1
MAX_PER_PAGE = 200
PAGE_DIGITS = 9


class Kind(StrEnum):
    """Tell how the values of a field are written and compared.

    A CODE is one of a closed set, a TOKEN any of one shape, MINUTES a whole number of them, a FLAG true or false.
    """

    CODE = "code"
    TOKEN = "token"
    TEXT = "text"
    AMOUNT = "amount"
    INSTANT = "instant"
    MINUTES = "minutes"
    FLAG = "flag"


class Arity(StrEnum):
    """Tell how many values an operator takes."""

    NONE = "none"
    ONE = "one"
    TWO = "two"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Operator:
    """Describe one comparison; `phrase` reads between the field's label and the value.

    `negates` names the operator whose exact complement it is: rows without a value included.
    """

    name: str
    phrase: str
    arity: Arity
    kinds: frozenset[Kind]
    negates: str = ""


_EQUAL = frozenset({Kind.CODE, Kind.TOKEN, Kind.TEXT, Kind.AMOUNT, Kind.INSTANT})
_ORDERED = frozenset({Kind.AMOUNT, Kind.INSTANT, Kind.MINUTES})
_WORDS = frozenset({Kind.TEXT, Kind.TOKEN})
_MAYBE = frozenset({Kind.TEXT, Kind.AMOUNT, Kind.INSTANT, Kind.MINUTES})
OPERATORS = {
    operator.name: operator
    for operator in (
        Operator("eq", "is", Arity.ONE, _EQUAL | {Kind.FLAG}),
        Operator("in", "is", Arity.MANY, _EQUAL),
        Operator("not_eq", "is not", Arity.ONE, _EQUAL | {Kind.FLAG}, negates="eq"),
        Operator("not_in", "is not", Arity.MANY, _EQUAL, negates="in"),
        Operator("gt", "is more than", Arity.ONE, _ORDERED),
        Operator("gte", "is at least", Arity.ONE, _ORDERED),
        Operator("lt", "is less than", Arity.ONE, _ORDERED),
        Operator("lte", "is at most", Arity.ONE, _ORDERED),
        Operator("between", "is between", Arity.TWO, _ORDERED),
        Operator("not_between", "is not between", Arity.TWO, _ORDERED, negates="between"),
        Operator("contains", "contains", Arity.ONE, _WORDS),
        Operator("not_contains", "does not contain", Arity.ONE, _WORDS, negates="contains"),
        Operator("starts_with", "starts with", Arity.ONE, _WORDS),
        Operator(
            "not_starts_with", "does not start with", Arity.ONE, _WORDS, negates="starts_with"
        ),
        Operator("ends_with", "ends with", Arity.ONE, _WORDS),
        Operator("not_ends_with", "does not end with", Arity.ONE, _WORDS, negates="ends_with"),
        Operator("is_null", "is not reported", Arity.NONE, _MAYBE),
        Operator("is_not_null", "is reported", Arity.NONE, _MAYBE, negates="is_null"),
    )
}
PARTIAL = frozenset(
    name for name, operator in OPERATORS.items() if operator.kinds is _WORDS
)  # a part of a token has another shape than the whole
# Instants are not more or less, they are later or earlier; ages are how long ago.
INSTANT_PHRASES = {"gt": "is after", "gte": "is from", "lt": "is before", "lte": "is until"}
MINUTES_PHRASES = {
    **{"gt": "more than", "gte": "at least", "lt": "less than", "lte": "in the last"},
    **{"between": "between", "not_between": "not between"},
}

# In an address empty values are absent; this one asks for what has no text, such as no network.
BLANK = "-"
STATES = ("fresh", "stale", "not_synced", "held", "missing", "paused", "closed", "never")
CURRENCY_SHAPE = r"[A-Z0-9]{2,12}"
CODE_SHAPE = r"[a-z][a-z0-9_]{0,19}"
ID_SHAPE = r"[0-9a-f]{32}"
MAX_MINUTES = 52_596_000  # a hundred years


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one thing a balance may be asked about.

    `values` closes the set of codes; `shape` is a pattern where it is open, `part` that of a piece of it.
    `absent` and `present` say that a row has no value, or one. `ascending` and `descending` say a sort's direction.
    """

    name: str
    label: str
    kind: Kind
    values: tuple[str, ...] = ()
    shape: str = ""
    part: str = ""
    absent: str = ""
    present: str = ""
    is_sortable: bool = True
    ascending: str = "A to Z"
    descending: str = "Z to A"

    def allows(self, operator: str) -> bool:
        """Tell whether the operator fits."""
        return operator in OPERATORS and self.kind in OPERATORS[operator].kinds


def _code(name: str, label: str, *values: str, shape: str = "", is_sortable: bool = True) -> Field:
    return Field(name, label, Kind.CODE, values, shape, is_sortable=is_sortable)


def _text(name: str, label: str, *, is_sortable: bool = True) -> Field:
    return Field(name, label, Kind.TEXT, absent="none", present="any", is_sortable=is_sortable)


def _amount(name: str, label: str) -> Field:
    return Field(
        *(name, label, Kind.AMOUNT),
        absent="not reported",
        present="reported",
        ascending="smallest first",
        descending="largest first",
    )


def _instant(name: str, label: str, *, absent: str, is_sortable: bool = True) -> Field:
    return Field(
        *(name, label, Kind.INSTANT),
        absent=absent,
        present="known",
        is_sortable=is_sortable,
        ascending="oldest first",
        descending="newest first",
    )


_STATE = Field(
    "state", "State", Kind.CODE, STATES, ascending="freshest first", descending="freshest last"
)
_CURRENCY = Field("currency", "Currency", Kind.TOKEN, shape=CURRENCY_SHAPE, part=r"[A-Z0-9]{1,12}")
_ID = Field("id", "Id", Kind.TOKEN, shape=ID_SHAPE, part=r"[0-9a-f]{1,32}", is_sortable=False)
_AGE = Field("age", "Confirmed", Kind.MINUTES, absent="never", present="known", is_sortable=False)
COUNTINGS = ("live", "test", "unverified", "duplicate", "manual")
FIELDS = {
    field.name: field
    for field in (
        _CURRENCY,
        _code("provider", "Provider", shape=CODE_SHAPE),
        _code("credential", "Credential", shape=ID_SHAPE),
        _code("holder", "Holder", "own", "customers"),
        _text("account", "Account"),
        _code("account_kind", "Account kind", "agent", "customer", "merchant", "wallet"),
        _text("owner", "Owner"),
        _text("owner_ref", "Owner reference", is_sortable=False),
        _text("reference", "Reference"),
        _text("network", "Network"),
        _text("address", "Address", is_sortable=False),
        _code("environment", "Environment", "live", "sandbox", is_sortable=False),
        _STATE,
        _code("counting", "Counting", *COUNTINGS, is_sortable=False),
        _code(
            *("as_of_source", "Source of as of", "provider", "response_date", "received"),
            is_sortable=False,
        ),
        Field("verified", "Verified", Kind.FLAG, is_sortable=False),
        # Zero is what is reported as zero throughout; an amount nobody told is not.
        _code("balance", "Balance", "not_zero", "zero", is_sortable=False),
        _amount("available", "Available"),
        _amount("pending", "Pending"),
        _amount("ledger", "Ledger"),
        _instant("as_of", "As of", absent="not known"),
        _instant("fetched_at", "Read at", absent="never"),
        _instant("missing_since", "Missing since", absent="not missing", is_sortable=False),
        _AGE,
        _ID,
    )
}
SORTS = tuple(field.name for field in FIELDS.values() if field.is_sortable)
GROUPS = ("currency", "holder", "provider", "account")

# The columns of table, JSON and files, by their keys in order; `balances.columns` gives each its value.
# An address calls those that are also a field by the field's name, see COLUMN_WORDS.
COLUMNS = (
    "id",
    "provider",
    "credential",
    "holder",
    "account_ref",
    "account_kind",
    "account_name",
    "owner_ref",
    "owner_name",
    "network",
    "address",
    "currency",
    "available",
    "pending",
    "ledger",
    "as_of",
    "as_of_source",
    "fetched_at",
    "state",
    "missing_since",
    "verified",
    "credential_name",
    "counting",
    "counted_by",
)
COLUMN_WORDS = {"account_name": "account", "account_ref": "reference", "owner_name": "owner"}
# Without these a figure would say neither whose it is nor in what.
KEPT_COLUMNS = ("account_name", "currency", "available")
