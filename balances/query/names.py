"""Read the lists of names, the sort keys and the counting numbers of an address."""

import re
from collections.abc import Iterable, Mapping

from balances.query.catalogue import SORTS
from balances.query.tree import Sort
from balances.query.values import BadValue


def shown(name: str) -> str:
    """Cut a name to what a message can hold, without control characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name[:60]) or "(no name)"


def listed(text: str) -> list[str]:
    """Return the names between commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def known_names(text: str, *, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names between commas, each known and once. Raises: BadValue."""
    names = tuple(listed(text))
    check_known(names, known=known)
    check_unique(names)
    return names


def check_known(
    names: Iterable[str], *, known: tuple[str, ...], said: Mapping[str, str] | None = None
) -> None:
    """Refuse a name that is not known; `said` has other words for some. Raises: BadValue."""
    words = ", ".join((said or {}).get(name, name) for name in known)
    for name in names:
        if name not in known:
            raise BadValue("unknown_value", f"knows {words}, not {shown(name)!r}")


def check_unique(names: Iterable[str]) -> None:
    """Refuse a name given twice. Raises: BadValue."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadValue("duplicate", f"names {name} twice")
        seen.add(name)


def sort_key(name: str) -> Sort:
    """Return one key, descending where `-` stands before it. Raises: BadValue."""
    field = name.removeprefix("-")
    check_known((field,), known=SORTS)
    return Sort(field, descending=name.startswith("-"))


def read_number(text: str, *, most: int) -> int:
    """Return a whole number from 1. Raises: BadValue."""
    text = text.strip()
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise BadValue("out_of_range", f"is a whole number from 1 to {most}, not {text[:40]!r}")
    return int(text)
