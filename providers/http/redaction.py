"""Take secrets out of every text that leaves the client."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"

_DIRT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class Redactor:
    """Hold the secrets, as they are and as they are spelt in URLs and JSON."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {
            spelling
            for secret in secrets
            if secret
            for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
        }
        # The longest first: a secret may contain another.
        self._spellings = sorted(spellings, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Mask every secret and take line breaks and control characters out."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return _DIRT.sub(" ", text)

    def body(self, body: bytes) -> bytes:
        """Mask every secret in an answer kept for its error code."""
        for spelling in self._spellings:
            body = body.replace(spelling.encode(), MASK.encode())
        return body

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._spellings)}>"
