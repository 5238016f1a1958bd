"""Tell whether an answer is whole: nothing but its framing can prove that of a bare number."""

import re
from collections.abc import Iterable

Headers = Iterable[tuple[bytes, bytes]]

_EMPTY = 204
_PARTIAL = 206
_HEAD_END = re.compile(rb"\n\r?\n")
_INFORMATIONAL = re.compile(rb"HTTP/1\.[01] 1[0-9][0-9]")


def gap(status: int, headers: Headers) -> str:
    """Say why the body of a good answer could end early unseen; `""` when it could not.

    Without a length or chunks it ends where the connection does, whoever closed that and why.
    """
    names = {name.lower() for name, _ in headers}
    if status == _PARTIAL:
        return "the answer is a part, and none was asked for"
    if status == _EMPTY or names & {b"content-length", b"transfer-encoding"}:
        return ""
    return "the answer states neither its length nor its end"


def stated_length(headers: Headers) -> int | None:
    """Return how long the body is to be; chunks, which end by themselves, come before it."""
    fields = {name.lower(): value for name, value in headers}
    if b"transfer-encoding" in fields or b"content-length" not in fields:
        return None
    return int(fields[b"content-length"])


class Tally:
    """Count what a server sent after the head of its answer, asked for or not."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin a new answer."""
        self._head = b""
        self._in_head = True
        self.is_blank = True
        self.body = 0

    def add(self, chunk: bytes) -> None:
        """Take in what was read from the socket."""
        self.is_blank = False
        if not self._in_head:
            self.body += len(chunk)
            return
        self._head += chunk
        while self._in_head and (end := _HEAD_END.search(self._head)):
            self._in_head = _INFORMATIONAL.match(self._head) is not None
            self._head = self._head[end.end() :]
        if not self._in_head:
            self.body = len(self._head)
            self._head = b""
