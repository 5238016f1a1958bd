"""Read lists of names, sort keys and page numbers of an address."""

import re
from collections.abc import Iterable, Mapping

from balances.query.catalogue import KEPT_COLUMNS, SORTS
from balances.query.tree import Sort
from balances.query.values import BadValue
from providers.phrases import phrase as _


def shown(name: str) -> str:
    """Cut a parameter's name to what a message can hold, without control characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name[:60]) or "(no name)"


def listed(text: str) -> list[str]:
    """Return the names of a list with commas, without empty ones. Raises: BadValue when none is left."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise BadValue("empty", _("names nothing"))
    return names


def known_names(text: str, *, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a list. Raises: BadValue for one that is not known or stands twice."""
    names = tuple(listed(text))
    check_known(names, known=known)
    check_unique(names)
    return names


def check_known(
    names: Iterable[str], *, known: tuple[str, ...], said: Mapping[str, str] | None = None
) -> None:
    """Refuse a name that is not known; `said` has other words for some."""
    words = ", ".join((said or {}).get(name, name) for name in known)
    for name in names:
        if name not in known:
            raise BadValue(
                "unknown_value", _("knows %(known)s, not %(text)r", known=words, text=shown(name))
            )


def check_unique(names: Iterable[str]) -> None:
    """Refuse a name that stands twice. Raises: BadValue."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadValue("duplicate", _("names %(name)s twice", name=name))
        seen.add(name)


def with_kept(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns with those that are never hidden, each behind the one before it when left out."""
    found = list(names)
    place = 0
    for name in KEPT_COLUMNS:
        if name not in found:
            found.insert(place, name)
        place = found.index(name) + 1
    return tuple(found)


def sort_key(name: str) -> Sort:
    """Read one sort key. Raises: BadValue for what no list is sorted by."""
    field = name.removeprefix("-")
    check_known((field,), known=SORTS)
    return Sort(field, descending=name.startswith("-"))


def read_number(text: str, *, most: int) -> int:
    """Return a whole number from 1 to `most`. Raises: BadValue."""
    text = text.strip()
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise BadValue(
            "out_of_range",
            _("is a whole number from 1 to %(most)d, not %(text)r", most=most, text=text[:40]),
        )
    return int(text)
