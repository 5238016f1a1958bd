"""List what one may ask: the fields, the operators that fit them, the limits, the columns.

Operators are data. A further one is a line here and a line in `compile`; a negated twin names the
operator whose exact complement it is.
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_LENGTH = 16_384
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
    """Tell how the values of a field are written and compared."""

    CODE = "code"
    TEXT = "text"
    AMOUNT = "amount"
    INSTANT = "instant"


class Arity(StrEnum):
    """Tell how many values an operator takes."""

    ONE = "one"
    TWO = "two"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Operator:
    """Describe one comparison; `phrase` reads between the field's label and the value."""

    name: str
    phrase: str
    arity: Arity
    kinds: frozenset[Kind]


_ANY = frozenset(Kind)
_ORDERED = frozenset({Kind.AMOUNT, Kind.INSTANT})
OPERATORS = {
    operator.name: operator
    for operator in (
        Operator("eq", "is", Arity.ONE, _ANY),
        Operator("in", "is", Arity.MANY, _ANY),
        Operator("gt", "is more than", Arity.ONE, _ORDERED),
        Operator("gte", "is at least", Arity.ONE, _ORDERED),
        Operator("lt", "is less than", Arity.ONE, _ORDERED),
        Operator("lte", "is at most", Arity.ONE, _ORDERED),
        Operator("between", "is between", Arity.TWO, _ORDERED),
    )
}
# Instants are not more or less, they are later or earlier.
INSTANT_PHRASES = {"gt": "is after", "gte": "is from", "lt": "is before", "lte": "is until"}

# In an address empty values are absent; this one asks for what has no text, such as no network.
BLANK = "-"
STATES = ("fresh", "stale", "not_synced", "held", "missing", "paused", "closed", "never")
CURRENCY_SHAPE = r"[A-Z0-9]{2,12}"
CODE_SHAPE = r"[a-z][a-z0-9_]{0,19}"
ID_SHAPE = r"[0-9a-f]{32}"


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one thing a balance may be asked about.

    `values` closes the set of codes; `shape` is a pattern where it is open. `ascending` and
    `descending` say a sort's direction.
    """

    name: str
    label: str
    kind: Kind
    values: tuple[str, ...] = ()
    shape: str = ""
    is_sortable: bool = True
    ascending: str = "A to Z"
    descending: str = "Z to A"

    def allows(self, operator: str) -> bool:
        """Tell whether the operator fits."""
        return operator in OPERATORS and self.kind in OPERATORS[operator].kinds


def _code(name: str, label: str, *values: str, shape: str = "", is_sortable: bool = True) -> Field:
    return Field(name, label, Kind.CODE, values, shape, is_sortable)


def _amount(name: str, label: str) -> Field:
    return Field(name, label, Kind.AMOUNT, ascending="smallest first", descending="largest first")


def _instant(name: str, label: str) -> Field:
    return Field(name, label, Kind.INSTANT, ascending="oldest first", descending="newest first")


FIELDS = {
    field.name: field
    for field in (
        _code("currency", "Currency", shape=CURRENCY_SHAPE),
        _code("provider", "Provider", shape=CODE_SHAPE),
        _code("credential", "Credential", shape=ID_SHAPE),
        _code("holder", "Holder", "own", "customers"),
        Field("account", "Account", Kind.TEXT),
        _code("account_kind", "Account kind", "agent", "customer", "merchant", "wallet"),
        Field("owner", "Owner", Kind.TEXT),
        Field("reference", "Reference", Kind.TEXT),
        Field("network", "Network", Kind.TEXT),
        _code("environment", "Environment", "live", "sandbox", is_sortable=False),
        Field(
            "state",
            "State",
            Kind.CODE,
            STATES,
            ascending="freshest first",
            descending="freshest last",
        ),
        _code(
            "counting",
            "Counting",
            *("live", "test", "unverified", "duplicate", "manual"),
            is_sortable=False,
        ),
        # Zero is what is reported as zero throughout; an amount nobody told is not.
        _code("balance", "Balance", "not_zero", "zero", is_sortable=False),
        _amount("available", "Available"),
        _amount("pending", "Pending"),
        _amount("ledger", "Ledger"),
        _instant("as_of", "As of"),
        _instant("fetched_at", "Read at"),
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
