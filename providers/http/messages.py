"""Hold what is asked and what is answered."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlsplit

from providers.errors import Misconfigured, ProviderError, Unreadable
from providers.http.decoding import decode_json
from providers.http.pace import http_date
from providers.http.redaction import NOTHING_SECRET, Redactor
from providers.rows import AsOfSource

SKEW = timedelta(minutes=5)

T = TypeVar("T")


def segment(text: str) -> str:
    """Encode one part of a path, so that an id can hold slashes or dots and stay one part."""
    if text.strip(".") == "":
        return "%2E" * len(text)
    return quote(text, safe="")


def path_below(base_url: str, path: str) -> str:
    """Return the whole path of a request, which stays below that of the base URL.

    Raises: Misconfigured, when a setting or id made a path that would lead elsewhere.
    """
    parts = path.strip("/").split("/")
    if (
        not path.isprintable()
        or any(part in {"", ".", ".."} for part in parts)
        or set(path) & set("?#\\")
    ):
        raise Misconfigured("not a path below the base URL", field="path")
    return "/".join([urlsplit(base_url).path.rstrip("/"), *parts])


@dataclass(frozen=True)
class Request:
    """Name one GET below the base URL; ids in `path` went through `segment`.

    `tag` is for the caller, to know again what an answer of `Client.each` belongs to.
    """

    path: str
    _: KW_ONLY
    params: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tag: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Hold a whole 2xx answer; `redactor` knows what must be kept of no answer.

    Time: `sent_at` and `received_at` by our clock, aware UTC.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    sent_at: datetime
    received_at: datetime
    redactor: Redactor = field(default=NOTHING_SECRET, repr=False)

    @property
    def as_of(self) -> datetime:
        """Return when the answer was true: its own date if that is near our clock, never a future one."""
        return self._dated() or self.received_at

    @property
    def as_of_source(self) -> AsOfSource:
        """Say whose clock `as_of` is."""
        return AsOfSource.RECEIVED if self._dated() is None else AsOfSource.RESPONSE_DATE

    def _dated(self) -> datetime | None:
        moment = http_date(self.headers.get("date", ""))
        if moment is None or not self.received_at - SKEW <= moment <= self.received_at:
            return None
        return moment

    def decode(self, shape: type[T]) -> T:
        """Decode the body into a typed struct.

        Raises: Unreadable, redacted, naming the field, or `content-type` when the answer is no
        JSON; also where what is declared holds the secret it was asked with.
        """
        try:
            self._check_kind()
            found = decode_json(self.body, shape)
            self.redactor.refuse_echo(found, body=self.body)
        except ProviderError as error:
            error.redact(self.redactor.text)
            raise
        return found

    def _check_kind(self) -> None:
        named = self.headers.get("content-type", "").partition(";")[0].strip()
        kind = named.lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise Unreadable(f"the answer is {named}", field="content-type")
