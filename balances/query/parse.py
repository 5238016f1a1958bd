"""Read an address's parameters into one `BalanceQuery`, or name everything not understood.

Nothing is dropped and nothing widened: one fault and there is no query at all. Empty values are absent.
Several of one filter mean "or", several `columns` join; of another single parameter the last holds (forms send
it so), or with `is_strict` (the API) none.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from balances.query import catalogue
from balances.query.catalogue import FIELDS, OPERATORS, Arity, Field, Operator
from balances.query.faults import Fault, QueryError
from balances.query.json_tree import read_tree
from balances.query.names import (
    check_known,
    check_unique,
    known_names,
    listed,
    read_number,
    shown,
    sort_key,
    with_kept,
)
from balances.query.normal import normal
from balances.query.tree import (
    DEFAULT_PER_PAGE,
    DEFAULT_SORT,
    BalanceQuery,
    Condition,
    Group,
    Sort,
    Value,
    inside_currency,
)
from balances.query.values import BadValue, read_text, read_value
from providers.phrases import phrase as _

T = TypeVar("T")
# Written by repeating the name, so that one list has one address.
_LISTS = {"eq": "in", "not_eq": "not_in"}
_UNWRITTEN = ("eq", "in", "not_in")
_COLUMN_KEYS = {word: key for key, word in catalogue.COLUMN_WORDS.items()}
SINGLES = ("q", "filters", "sort", "page", "per_page", "group_by", "columns")


class Parameters(Protocol):
    """Give parameters with all their values, as Django's QueryDict does."""

    def lists(self) -> Iterable[tuple[str, list[Any]]]:
        """Return every name with its values in order."""


def parse(params: Parameters, *, zone: ZoneInfo, is_strict: bool = False) -> BalanceQuery:
    """Return the query in its canonical form.

    Time: instants without an offset are in `zone`. Raises: QueryError, with every fault.
    """
    reader = _Reader(params, zone=zone, is_strict=is_strict)
    query = reader.query()
    if reader.faults:
        raise QueryError(reader.faults)
    return query


def parse_text(text: str, *, zone: ZoneInfo, is_strict: bool = False) -> BalanceQuery:
    """Return the query of a query string. Raises: QueryError."""
    _check_length(len(text))
    return parse(_Pairs(text), zone=zone, is_strict=is_strict)


class _Pairs:
    """Give a query string's parameters."""

    def __init__(self, text: str) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in parse_qsl(text.removeprefix("?"), keep_blank_values=True):
            self._lists.setdefault(name, []).append(value)

    def lists(self) -> Iterable[tuple[str, list[str]]]:
        """Return every name with its values in order."""
        return self._lists.items()


def _check_length(length: int) -> None:
    if length > catalogue.MAX_LENGTH:
        message = _(
            "has %(n)d characters; %(most)d are the most", n=length, most=catalogue.MAX_LENGTH
        )
        raise QueryError.one("address", "too_long", message)


class _Reader:
    """Read parameters one after the other, collecting faults."""

    def __init__(self, params: Parameters, *, zone: ZoneInfo, is_strict: bool) -> None:
        self.zone = zone
        self.is_strict = is_strict
        self.faults: list[Fault] = []
        self.params = {
            name: given
            for name, values in params.lists()
            if (given := [value for value in values if value.strip()])
        }
        _check_length(sum(len(name) + len(v) for name, vs in self.params.items() for v in vs))

    def query(self) -> BalanceQuery:
        """Read everything."""
        return BalanceQuery(
            where=normal(Group(filters=self.filters())),
            q=self.single("q", "", self.read_q),
            sort=self.single("sort", DEFAULT_SORT, self.read_sort),
            page=self.single("page", 1, self.read_page),
            per_page=self.single("per_page", DEFAULT_PER_PAGE, self.read_per_page),
            group_by=self.single("group_by", (), self.read_group_by),
            columns=self.single("columns", (), self.read_columns, joined=","),
        )

    def fail(self, path: str, code: str, message: str) -> None:
        """Remember a fault."""
        self.faults.append(Fault(path, code, message))

    def single(
        self, name: str, default: T, read: Callable[[str], T], *, joined: str | None = None
    ) -> T:
        """Read a parameter that has one value; several are joined where a form's boxes send them so."""
        values = self.params.get(name)
        if not values:
            return default
        if self.is_strict and len(values) > 1:
            self.fail(name, "repeated", _("is given more than once"))
            return default
        try:
            return read(values[-1] if joined is None else joined.join(values))
        except BadValue as fault:
            self.fail(name, fault.code, fault.message)
            return default

    # --- Filters -----------------------------------------------------------------------------
    def filters(self) -> tuple[Condition | Group, ...]:
        """Read the short filters and the tree; a row has to satisfy both."""
        names = [name for name in self.params if name not in SINGLES]
        tree = self.single("filters", Group(), self.read_filters)
        count = len(names) + len(list(tree.conditions()))
        if count > catalogue.MAX_CONDITIONS:
            message = _(
                "has %(n)d filters; %(most)d are the most", n=count, most=catalogue.MAX_CONDITIONS
            )
            self.fail("address", "too_many_conditions", message)
            return ()
        return (*filter(None, map(self.condition, names)), tree)

    def read_filters(self, text: str) -> Group:
        """Read the tree; its faults are told by their JSON pointers."""
        try:
            return read_tree(text, zone=self.zone)
        except QueryError as error:
            self.faults += error.faults
            return Group()

    def condition(self, name: str) -> Condition | None:
        """Read one filter, `field` or `field__operator`."""
        field_name, _sep, operator = name.partition("__")
        field = FIELDS.get(field_name)
        if field is None:
            self.fail(
                shown(name), "unknown_field", _("is not known; known are %(known)s", known=_known())
            )
            return None
        if not field.allows(operator or "eq") or operator in _UNWRITTEN:
            self.fail(
                shown(name),
                "unknown_operator",
                _("is no way to filter %(field)s", field=field.label.lower()),
            )
            return None
        return self.compared(name, field, OPERATORS[operator or "eq"])

    def compared(self, name: str, field: Field, operator: Operator) -> Condition | None:
        """Read a known filter's values."""
        texts = self.params[name]
        several = _LISTS.get(operator.name, "")
        if not field.allows(several):
            if self.is_strict and len(texts) > 1:
                self.fail(name, "repeated", _("is given more than once"))
                return None
            texts = texts[-1:]
        if operator.arity is Arity.NONE:
            return self.null_check(name, field, operator, texts[0])
        if operator.arity is Arity.TWO:
            texts = texts[0].split(",")
            if len(texts) != 2:
                self.fail(name, "two_values", _("takes two values with a comma between"))
                return None
        values = self.values(name, field, operator, texts)
        if values is None:
            return None
        return Condition(
            field.name, operator.name if len(values) == 1 else several or operator.name, values
        )

    def null_check(
        self, name: str, field: Field, operator: Operator, text: str
    ) -> Condition | None:
        """Read a check that compares with nothing."""
        if text.strip().lower() != "true":
            self.fail(
                name,
                "no_value",
                _("is written %(name)s=true, not %(text)r", name=name, text=text[:40]),
            )
            return None
        return Condition(field.name, operator.name, ())

    def values(
        self, name: str, field: Field, operator: Operator, texts: list[str]
    ) -> tuple[Value, ...] | None:
        """Read values of one field; None when any is a fault."""
        if len(texts) > catalogue.MAX_VALUES:
            self.fail(
                name,
                "too_many_values",
                _(
                    "has %(n)d values; %(most)d are the most",
                    n=len(texts),
                    most=catalogue.MAX_VALUES,
                ),
            )
            return None
        before = len(self.faults)
        found: list[Value] = []
        for text in texts:
            try:
                found.append(read_value(field, text, zone=self.zone, operator=operator.name))
            except BadValue as fault:
                self.fail(name, fault.code, fault.message)
        return tuple(found) if len(self.faults) == before else None

    # --- Everything else -----------------------------------------------------------------------
    def read_q(self, text: str) -> str:
        """Read the search, white space evened out."""
        terms = read_text(" ".join(text.split()), limit=catalogue.MAX_Q)
        if len(terms.split()) > catalogue.MAX_TERMS:
            raise BadValue(
                "too_many_terms", _("has more than %(most)d words", most=catalogue.MAX_TERMS)
            )
        return terms

    def read_sort(self, text: str) -> tuple[Sort, ...]:
        """Read sort keys; in pages an amount is compared only inside its currency."""
        keys = tuple(sort_key(name) for name in listed(text))
        check_unique(key.field for key in keys)
        if not self.is_strict:
            keys = inside_currency(keys)
        chosen = len([key for key in keys if key.field != "currency"])
        if chosen > catalogue.MAX_SORTS:
            raise BadValue(
                "too_many_sorts",
                _(
                    "has %(n)d keys beside currency; %(most)d are the most",
                    n=chosen,
                    most=catalogue.MAX_SORTS,
                ),
            )
        return keys or DEFAULT_SORT

    def read_page(self, text: str) -> int:
        """Read a page number, from 1."""
        return read_number(text, most=10**catalogue.PAGE_DIGITS - 1)

    def read_per_page(self, text: str) -> int:
        """Read how many rows a page has."""
        return read_number(text, most=catalogue.MAX_PER_PAGE)

    def read_group_by(self, text: str) -> tuple[str, ...]:
        """Read what rows are grouped by."""
        names = known_names(text, known=catalogue.GROUPS)
        if len(names) > catalogue.MAX_GROUPS:
            raise BadValue(
                "too_many_groups", _("takes %(most)d at most", most=catalogue.MAX_GROUPS)
            )
        return names

    def read_columns(self, text: str) -> tuple[str, ...]:
        """Read columns in order; one that is never hidden and was left out stands behind the one before it."""
        names = tuple(_COLUMN_KEYS.get(name, name) for name in listed(text))
        check_known(names, known=catalogue.COLUMNS, said=catalogue.COLUMN_WORDS)
        check_unique(names)
        return with_kept(names)


def _known() -> str:
    return ", ".join((*FIELDS, *SINGLES))
