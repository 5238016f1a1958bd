"""Ask one provider for one run: within its pace, with retries, in the words of our errors."""

import random
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from providers.errors import (
    CredentialRejected,
    Misconfigured,
    ProviderError,
    ServerError,
    Throttled,
    Timeout,
    Unreachable,
)
from providers.http.fanout import fan_out
from providers.http.hosts import allowed_origin
from providers.http.limits import LIMITS, Limits
from providers.http.messages import Reply, Request, path_below
from providers.http.pace import Pace
from providers.http.redaction import Redactor
from providers.http.verdicts import CutShort, error_of

if TYPE_CHECKING:
    import ssl

    import httpx

    from providers.http.wire import Wire

RETRIED = (ServerError, Unreachable, Timeout, CutShort)

_HEADER_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_SECRET_HEADER = re.compile(r"authorization|key|secret|token", re.IGNORECASE)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Client:
    """Hold what all requests of a run share: connections, pace, retries, count and secrets.

    `before_request` is called in the thread that asks, before each request and every few
    seconds while `each` waits, so that a lease can be renewed there. Answers are handed out
    in that thread too; the threads that wait on sockets touch nothing else. A base URL that
    is refused raises at the first request, not here.
    """

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        secrets: Iterable[str] = (),
        requests_per_second: float = 10,
        burst: int = 1,
        allowed_hosts: Iterable[str],
        limits: Limits = LIMITS,
        transport: "httpx.BaseTransport | None" = None,
        tls: "ssl.SSLContext | None" = None,
        before_request: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = _utc_now,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._base_url, self._headers, self._allowed = base_url, headers, tuple(allowed_hosts)
        self._limits, self._transport, self._tls = limits, transport, tls
        self._redactor = Redactor([*secrets, *_secrets_in(headers)])
        self._pace = Pace(rate=requests_per_second, burst=burst, clock=clock)
        self._before_request, self._jitter = before_request, jitter
        self._clock, self._sleep, self._now = clock, sleep, now
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(limits.in_flight)
        self._wire: Wire | None = None
        self._throttled: Throttled | None = None
        self._has_read = False
        self.requests_sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self._redactor.text(self._base_url)}>"

    def close(self) -> None:
        """Close every connection."""
        if self._wire is not None:
            self._wire.close()

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask once, retrying what may pass.

        Raises: ProviderError.
        """
        request = Request(path, params=params or {}, headers=headers or {})
        return self._ask(request, before=self._before_request, sleep=self._sleep)

    def each(
        self, requests: Iterable[Request]
    ) -> Generator[tuple[Request, Reply | ProviderError], None, None]:
        """Ask many, a few at a time, and yield each with its answer or error as they come."""
        return fan_out(requests, ask=self._answer, beat=self._before_request, limits=self._limits)

    def _answer(self, request: Request, stop: threading.Event) -> Reply | ProviderError:
        """Ask from a thread of `each`, until its iterator is closed."""

        def before() -> None:
            if stop.is_set():
                raise CancelledError

        # A thread that sleeps out a pause must not hold up the closing.
        sleep = stop.wait if self._sleep is time.sleep else self._sleep
        try:
            return self._ask(request, before=before, sleep=sleep)
        except ProviderError as error:
            return error

    def _ask(
        self,
        request: Request,
        *,
        before: Callable[[], None],
        sleep: Callable[[float], object],
    ) -> Reply:
        """Try, and try again as long as the error may pass and tries are left."""
        attempt = 1
        while True:
            before()
            if pause := self._pace.take():
                sleep(pause)
                before()
            try:
                return self._try(request)
            except ProviderError as error:
                if pause := self._pause_after(error, attempt=attempt):
                    sleep(pause)
            attempt += 1

    def _try(self, request: Request) -> Reply:
        """Send one request and judge its answer.

        Raises: ProviderError, redacted.
        """
        with self._slots:
            if self._throttled is not None:
                raise self._throttled
            try:
                reply = self._exchange(request)
            except ProviderError as error:
                error.redact(self._redactor.text)
                raise
        self._has_read = True
        return reply

    def _exchange(self, request: Request) -> Reply:
        wire = self._opened()
        path = path_below(self._base_url, request.path)
        with self._lock:
            self.requests_sent += 1
        sent_at = self._now()
        answer = wire.get(path, params=request.params, headers=request.headers)
        received_at = self._now()
        if answer.status // 100 != 2:
            raise error_of(answer, redactor=self._redactor, now=received_at)
        return Reply(
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            sent_at=sent_at,
            received_at=received_at,
            redactor=self._redactor,
        )

    def _opened(self) -> "Wire":
        """Make the wire at the first request, once the address and the key are fit for it."""
        with self._lock:
            if self._wire is None:
                self._wire = self._open()
            return self._wire

    def _open(self) -> "Wire":
        # Loading httpx takes longer than many a page; a web worker needs it for tests only.
        from providers.http.wire import Wire

        origin = allowed_origin(self._base_url, allowed_hosts=self._allowed)
        for name, value in self._headers.items():
            if _HEADER_VALUE.fullmatch(value) is None:
                raise Misconfigured("holds characters that a header cannot carry", field=name)
        return Wire(
            origin=origin,
            headers=self._headers,
            limits=self._limits,
            clock=self._clock,
            transport=self._transport,
            tls=self._tls,
        )

    def _pause_after(self, error: ProviderError, *, attempt: int) -> float:
        """Return how long to wait before the next try, or raise the error when it is final."""
        if isinstance(error, Throttled) and error.stops_run:
            self._throttled = error
        if not self._may_pass(error, attempt=attempt):
            raise error
        if isinstance(error, Throttled) and error.retry_after is not None:
            # All threads are at the same limit; the next turn comes when the wait is over.
            self._pace.pause(error.retry_after.total_seconds())
            return 0.0
        ceiling = self._limits.first_backoff * 2 ** (attempt - 1)
        return self._jitter(0.0, min(ceiling, self._limits.last_backoff))

    def _may_pass(self, error: ProviderError, *, attempt: int) -> bool:
        """Tell whether another try is worth it."""
        if isinstance(error, CredentialRejected):
            # A key that has just worked may have met a server that had not heard of it.
            return self._has_read and attempt == 1
        if isinstance(error, Throttled):
            return not error.stops_run and attempt < self._limits.tries
        return isinstance(error, RETRIED) and attempt < self._limits.tries


def _secrets_in(headers: Mapping[str, str]) -> Iterator[str]:
    """Find the secrets among the headers, for the case that nobody named them."""
    for name, value in headers.items():
        if _SECRET_HEADER.search(name):
            yield value
            yield from value.split()[-1:]
