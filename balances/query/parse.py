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
from balances.query.catalogue import FIELDS
from balances.query.faults import Fault, QueryError
from balances.query.json_tree import read_tree
from balances.query.names import (
    check_known,
    check_unique,
    known_names,
    listed,
    read_number,
    sort_key,
    with_kept,
)
from balances.query.normal import normal
from balances.query.short import read_short
from balances.query.tree import (
    DEFAULT_PER_PAGE,
    DEFAULT_SORT,
    BalanceQuery,
    Condition,
    Group,
    Sort,
    inside_currency,
)
from balances.query.values import BadValue, read_text
from providers.phrases import phrase as _

T = TypeVar("T")
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
            where=self.where(),
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
    def where(self) -> Group:
        """Read all filters into their one form; a row has to satisfy every one."""
        names = [name for name in self.params if name not in SINGLES]
        if not self.is_bounded(len(names)):
            return Group()
        parts = [part for name in names if (part := self.read_short(name))]
        trees = [self.read_filters(text) for text in self.params.get("filters", ())]
        asked = Group(filters=(*parts, *trees))
        return normal(asked) if self.is_bounded(len(list(asked.conditions()))) else Group()

    def is_bounded(self, count: int) -> bool:
        """Tell whether so many filters may be asked; remember a fault when not."""
        if count > catalogue.MAX_CONDITIONS:
            message = _(
                "has %(n)d filters; %(most)d are the most", n=count, most=catalogue.MAX_CONDITIONS
            )
            self.fail("address", "too_many_conditions", message)
        return count <= catalogue.MAX_CONDITIONS

    def read_short(self, name: str) -> Condition | Group | None:
        """Read one name with its values."""
        part, faults = read_short(name, self.params[name], zone=self.zone, known=_known())
        self.faults += faults
        return part

    def read_filters(self, text: str) -> Group:
        """Read the tree; its faults are told by their JSON pointers."""
        try:
            return read_tree(text, zone=self.zone)
        except QueryError as error:
            self.faults += error.faults
            return Group()

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
