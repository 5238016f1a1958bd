"""List what one may ask: the fields, the operators that fit them, the limits, the columns.

Operators are data. A further one is a line here and a line in `compile`; a negated twin names the
operator whose exact complement it is.
"""

from dataclasses import dataclass
from enum import StrEnum

from providers.phrases import phrase as _

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
        Operator("eq", _("is"), Arity.ONE, _ANY),
        Operator("in", _("is"), Arity.MANY, _ANY),
        Operator("gt", _("is more than"), Arity.ONE, _ORDERED),
        Operator("gte", _("is at least"), Arity.ONE, _ORDERED),
        Operator("lt", _("is less than"), Arity.ONE, _ORDERED),
        Operator("lte", _("is at most"), Arity.ONE, _ORDERED),
        Operator("between", _("is between"), Arity.TWO, _ORDERED),
    )
}
# Instants are not more or less, they are later or earlier.
INSTANT_PHRASES = {
    "gt": _("is after"),
    "gte": _("is from"),
    "lt": _("is before"),
    "lte": _("is until"),
}

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
    ascending: str = _("A to Z")
    descending: str = _("Z to A")

    def allows(self, operator: str) -> bool:
        """Tell whether the operator fits."""
        return operator in OPERATORS and self.kind in OPERATORS[operator].kinds


def _code(name: str, label: str, *values: str, shape: str = "", is_sortable: bool = True) -> Field:
    return Field(name, label, Kind.CODE, values, shape, is_sortable)


def _amount(name: str, label: str) -> Field:
    return Field(
        name, label, Kind.AMOUNT, ascending=_("smallest first"), descending=_("largest first")
    )


def _instant(name: str, label: str) -> Field:
    return Field(
        name, label, Kind.INSTANT, ascending=_("oldest first"), descending=_("newest first")
    )


FIELDS = {
    field.name: field
    for field in (
        _code("currency", _("Currency"), shape=CURRENCY_SHAPE),
        _code("provider", _("Provider"), shape=CODE_SHAPE),
        _code("credential", _("Credential"), shape=ID_SHAPE),
        _code("holder", _("Holder"), "own", "customers"),
        Field("account", _("Account"), Kind.TEXT),
        _code("account_kind", _("Account kind"), "agent", "customer", "merchant", "wallet"),
        Field("owner", _("Owner"), Kind.TEXT),
        Field("reference", _("Reference"), Kind.TEXT),
        Field("network", _("Network"), Kind.TEXT),
        _code("environment", _("Environment"), "live", "sandbox", is_sortable=False),
        Field(
            "state",
            _("State"),
            Kind.CODE,
            STATES,
            ascending=_("freshest first"),
            descending=_("freshest last"),
        ),
        _code(
            "counting",
            _("Counting"),
            *("live", "test", "unverified", "duplicate", "manual"),
            is_sortable=False,
        ),
        # Zero is what is reported as zero throughout; an amount nobody told is not.
        _code("balance", _("Balance"), "not_zero", "zero", is_sortable=False),
        _amount("available", _("Available")),
        _amount("pending", _("Pending")),
        _amount("ledger", _("Ledger")),
        _instant("as_of", _("As of")),
        _instant("fetched_at", _("Read at")),
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
