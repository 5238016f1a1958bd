"""List what one may ask: the fields, the operators that fit them, the limits, the columns.

Operators are data. A further one is a line here and a line in `compile`; a negated twin names the
operator whose exact complement it is.
"""

from dataclasses import dataclass
from enum import StrEnum

from providers.phrases import phrase as _

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
        Operator("eq", _("is"), Arity.ONE, _EQUAL | {Kind.FLAG}),
        Operator("in", _("is"), Arity.MANY, _EQUAL),
        Operator("not_eq", _("is not"), Arity.ONE, _EQUAL | {Kind.FLAG}, negates="eq"),
        Operator("not_in", _("is not"), Arity.MANY, _EQUAL, negates="in"),
        Operator("gt", _("is more than"), Arity.ONE, _ORDERED),
        Operator("gte", _("is at least"), Arity.ONE, _ORDERED),
        Operator("lt", _("is less than"), Arity.ONE, _ORDERED),
        Operator("lte", _("is at most"), Arity.ONE, _ORDERED),
        Operator("between", _("is between"), Arity.TWO, _ORDERED),
        Operator("not_between", _("is not between"), Arity.TWO, _ORDERED, negates="between"),
        Operator("contains", _("contains"), Arity.ONE, _WORDS),
        Operator("not_contains", _("does not contain"), Arity.ONE, _WORDS, negates="contains"),
        Operator("starts_with", _("starts with"), Arity.ONE, _WORDS),
        Operator(
            "not_starts_with", _("does not start with"), Arity.ONE, _WORDS, negates="starts_with"
        ),
        Operator("ends_with", _("ends with"), Arity.ONE, _WORDS),
        Operator("not_ends_with", _("does not end with"), Arity.ONE, _WORDS, negates="ends_with"),
        Operator("is_null", _("is not reported"), Arity.NONE, _MAYBE),
        Operator("is_not_null", _("is reported"), Arity.NONE, _MAYBE, negates="is_null"),
    )
}
PARTIAL = frozenset(
    name for name, operator in OPERATORS.items() if operator.kinds is _WORDS
)  # a part of a token has another shape than the whole
# Instants are not more or less, they are later or earlier; ages are how long ago.
INSTANT_PHRASES = {
    "gt": _("is after"),
    "gte": _("is from"),
    "lt": _("is before"),
    "lte": _("is until"),
}
MINUTES_PHRASES = {
    **{"gt": _("more than"), "gte": _("at least"), "lt": _("less than"), "lte": _("in the last")},
    **{"between": _("between"), "not_between": _("not between")},
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
    ascending: str = _("A to Z")
    descending: str = _("Z to A")

    def allows(self, operator: str) -> bool:
        """Tell whether the operator fits."""
        return operator in OPERATORS and self.kind in OPERATORS[operator].kinds


def _code(name: str, label: str, *values: str, shape: str = "", is_sortable: bool = True) -> Field:
    return Field(name, label, Kind.CODE, values, shape, is_sortable=is_sortable)


def _text(name: str, label: str, *, is_sortable: bool = True) -> Field:
    return Field(
        name, label, Kind.TEXT, absent=_("none"), present=_("any"), is_sortable=is_sortable
    )


def _amount(name: str, label: str) -> Field:
    return Field(
        *(name, label, Kind.AMOUNT),
        absent=_("not reported"),
        present=_("reported"),
        ascending=_("smallest first"),
        descending=_("largest first"),
    )


def _instant(name: str, label: str, *, absent: str, is_sortable: bool = True) -> Field:
    return Field(
        *(name, label, Kind.INSTANT),
        absent=absent,
        present=_("known"),
        is_sortable=is_sortable,
        ascending=_("oldest first"),
        descending=_("newest first"),
    )


_HOLDER = Field(
    "holder",
    _("Holder"),
    Kind.CODE,
    ("own", "customers"),
    ascending=_("own first"),
    descending=_("customers' first"),
)
_STATE = Field(
    "state",
    _("State"),
    Kind.CODE,
    STATES,
    ascending=_("freshest first"),
    descending=_("freshest last"),
)
_CURRENCY = Field(
    "currency", _("Currency"), Kind.TOKEN, shape=CURRENCY_SHAPE, part=r"[A-Z0-9]{1,12}"
)
_ID = Field("id", _("Id"), Kind.TOKEN, shape=ID_SHAPE, part=r"[0-9a-f]{1,32}", is_sortable=False)
_AGE = Field(
    "age", _("Confirmed"), Kind.MINUTES, absent=_("never"), present=_("known"), is_sortable=False
)
COUNTINGS = ("live", "test", "unverified", "duplicate", "test_duplicate", "manual")
FIELDS = {
    field.name: field
    for field in (
        _CURRENCY,
        _code("provider", _("Provider"), shape=CODE_SHAPE),
        _code("credential", _("Credential"), shape=ID_SHAPE),
        _HOLDER,
        _text("account", _("Account")),
        _code("account_kind", _("Account kind"), "agent", "customer", "merchant", "wallet"),
        _text("owner", _("Owner")),
        _text("owner_ref", _("Owner reference"), is_sortable=False),
        _text("reference", _("Reference")),
        _text("network", _("Network")),
        _text("address", _("Address"), is_sortable=False),
        _code("environment", _("Environment"), "live", "sandbox", is_sortable=False),
        _STATE,
        _code("counting", _("Counting"), *COUNTINGS, is_sortable=False),
        _code(
            *("as_of_source", _("Source of as of"), "provider", "response_date", "received"),
            is_sortable=False,
        ),
        Field("verified", _("Verified"), Kind.FLAG, is_sortable=False),
        # Zero is what is reported as zero throughout; an amount nobody told is not.
        _code("balance", _("Balance"), "not_zero", "zero", is_sortable=False),
        _amount("available", _("Available")),
        _amount("pending", _("Pending")),
        _amount("ledger", _("Ledger")),
        _instant("as_of", _("As of"), absent=_("not known")),
        _instant("fetched_at", _("Confirmed"), absent=_("never")),
        _instant("missing_since", _("Missing since"), absent=_("not missing"), is_sortable=False),
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
