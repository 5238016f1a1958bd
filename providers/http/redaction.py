"""Take secrets out of every text that leaves the client, and out of every answer kept."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from urllib.parse import quote

import msgspec

from providers.errors import Unreadable

MASK = "***"
# Fewer characters open nothing, and stand in any text by chance.
SHORTEST = 4

_DIRT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_NEVER = "(?!)"


class Redactor:
    """Hold the secrets, as they are and as they may be spelt in URLs, JSON and messages."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: a secret may contain another.
        long = {secret for secret in secrets if len(secret) >= SHORTEST}
        known = sorted(long, key=len, reverse=True)
        pattern = "|".join("".join(map(_spellings, secret)) for secret in known)
        self._pattern = re.compile(pattern or _NEVER, re.IGNORECASE)
        self._plain = [spelling.lower().encode() for each in known for spelling in _whole(each)]

    def text(self, text: str) -> str:
        """Mask every secret and take line breaks and control characters out."""
        return _DIRT.sub(" ", self._pattern.sub(MASK, text))

    def body(self, body: bytes) -> bytes:
        """Mask every secret in an answer kept for its error code."""
        text = body.decode("utf-8", "surrogateescape")
        return self._pattern.sub(MASK, text).encode("utf-8", "surrogateescape")

    def refuse_echo(self, found: object, *, body: bytes) -> None:
        """Refuse what was decoded of a body when a secret would be kept with it.

        Raises: Unreadable, naming the place.
        """
        small = body.lower()
        # Only an escape can hide a secret from this look, which is cheap.
        if b"\\" not in body and not any(plain in small for plain in self._plain):
            return
        for place, text in _texts(found, "$"):
            if self._pattern.search(text):
                raise Unreadable("the answer repeats the credential's secret", field=place)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._plain)}>"


NOTHING_SECRET = Redactor(())


def _spellings(char: str) -> str:
    """Return a pattern of the ways in which one character may be written."""
    ways = {char, f"\\{char}", f"\\u{ord(char):04x}", f"%{ord(char):02x}", *_whole(char)}
    return f"(?:{'|'.join(map(re.escape, sorted(ways, key=len, reverse=True)))})"


def _whole(text: str) -> set[str]:
    return {text, quote(text, safe=""), json.dumps(text)[1:-1]}


def _texts(node: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield every key, text and number of a decoded answer with its place."""
    if isinstance(node, msgspec.Struct):
        names = zip(node.__struct_encode_fields__, node.__struct_fields__, strict=True)
        for wire, name in names:
            yield from _texts(getattr(node, name), f"{place}.{wire}")
    elif isinstance(node, dict):
        for key, child in node.items():
            yield f"{place}.{key}", str(key)
            yield from _texts(child, f"{place}.{key}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _texts(child, f"{place}[{index}]")
    elif isinstance(node, str | int | Decimal):
        yield place, str(node)
