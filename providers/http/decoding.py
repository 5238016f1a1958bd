"""Decode an answer into typed structs, exactly or not at all.

msgspec checks the shape and names the place of a fault, but by itself it takes a string for a
`Decimal` ("NaN", "1_000" and full-width digits among them), numbers of any size, and the last
of two equal keys. So the text is read first by `json` with hooks that judge every number and
object, and msgspec converts what they let through. Numbers with a fraction arrive as
`AmountNumber`, which fits no `float` and no plain `Decimal`: a struct that declares those
fails at its first answer instead of losing digits.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec

from providers.errors import Unreadable
from providers.money import TEXT_LENGTH, AmountError, parse_amount
from providers.rows import REF_LENGTH

DEPTH = 20

T = TypeVar("T")

Ref = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=REF_LENGTH, pattern="^[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*$"
    ),
]
"""A provider's id: opaque text that fits its column. A bad one fails the answer."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time that names its offset; a naive one fails the answer."""


class AmountNumber(Decimal):
    """Declare an amount that must come as a JSON number."""


class AmountText(Decimal):
    """Declare an amount that must come as a JSON string."""


class Amount(Decimal):
    """Declare an amount that may come as either."""


_EXPECTED: dict[type, str] = {AmountNumber: "a number", AmountText: "a string"}


class _Flaw:
    """Stand in the tree for what cannot be kept, so that its place is known."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Reader:
    """Read JSON text into a tree, judging numbers and keys on the way.

    A number out of range matters only where a field is declared for it; what is no JSON at all
    (NaN, a key given twice) is fatal anywhere.
    """

    def __init__(self) -> None:
        self._fatal: _Flaw | None = None
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=self._constant,
        )

    def read(self, text: str) -> object:
        """Return the tree.

        Raises: Unreadable, naming the place.
        """
        try:
            tree = self._decoder.decode(text)
        except RecursionError:
            raise Unreadable(f"nested over {DEPTH} deep") from None
        except ValueError as fault:
            raise Unreadable(f"not JSON: {fault}") from None
        if self._fatal is not None:
            raise Unreadable(self._fatal.reason, field=_printable(_path(tree, self._fatal)))
        _check_depth(tree)
        return tree

    def _object(self, pairs: list[tuple[str, Any]]) -> object:
        members = dict(pairs)
        return members if len(members) == len(pairs) else self._fault("a key is given twice")

    def _constant(self, name: str) -> _Flaw:
        return self._fault(f"{name} is not a number")

    def _fault(self, reason: str) -> _Flaw:
        """Remember the last fault: objects are made inside out, so no other can hide it."""
        self._fatal = _Flaw(reason)
        return self._fatal


def decode_json(body: bytes, shape: type[T]) -> T:
    """Decode a JSON body into `shape`, numbers exact, nothing coerced.

    Raises: Unreadable, naming the field at which body and shape part.
    """
    if not body.strip():
        raise Unreadable("the answer is empty")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise Unreadable(f"not UTF-8 at byte {fault.start}") from None
    tree = _Reader().read(text)
    try:
        return msgspec.convert(tree, shape, dec_hook=_amount, builtin_types=(Decimal,))
    except msgspec.ValidationError as fault:
        reason, _, place = str(fault).partition(" - at `")
        reason = "text with control characters" if "regex" in reason else reason
        raise Unreadable(reason, field=place.rstrip("`") or "$") from None


def _number(text: str) -> object:
    try:
        return AmountNumber(parse_amount(text))
    except AmountError as fault:
        return _Flaw(str(fault))


def _integer(text: str) -> object:
    return int(text) if len(text) <= TEXT_LENGTH else _Flaw(f"number of {len(text)} characters")


def _amount(shape: type, value: object) -> Decimal:
    """Make the declared kind of amount, which msgspec calls for wherever one is declared."""
    if isinstance(value, _Flaw):
        raise AmountError(value.reason)
    if shape in (AmountNumber, Amount):
        if isinstance(value, AmountNumber):
            return shape(value)
        if type(value) is int:
            return shape(parse_amount(str(value)))
    if shape in (AmountText, Amount) and isinstance(value, str):
        return shape(parse_amount(value))
    expected = _EXPECTED.get(shape, "an amount")
    raise AmountError(f"Expected {expected}, got `{type(value).__name__}`")


def _children(node: object) -> Iterator[tuple[str, object]]:
    """Yield the members of an object or list, each with its step of a path."""
    if isinstance(node, dict):
        yield from ((f".{key}", child) for key, child in node.items())
    elif isinstance(node, list):
        yield from ((f"[{index}]", child) for index, child in enumerate(node))


def _check_depth(tree: object) -> None:
    """Refuse nesting that nothing of ours needs, before anything walks it recursively."""
    level: list[object] = [tree]
    for _ in range(DEPTH):
        level = [child for node in level for child in _members(node)]
    if any(isinstance(node, dict | list) for node in level):
        raise Unreadable(f"nested over {DEPTH} deep")


def _members(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _path(tree: object, flaw: _Flaw) -> str:
    """Find where a flaw stands, as `$.items[0].amount`."""
    paths = [("$", tree)]
    for _ in range(DEPTH + 1):
        for path, node in paths:
            if node is flaw:
                return path
        paths = [(path + step, child) for path, node in paths for step, child in _children(node)]
    return "$"


def _printable(path: str) -> str:
    """Keep a hostile key from breaking the line it is reported on."""
    return "".join(char if char.isprintable() else "?" for char in path)
