"""Move one request and its answer over a socket, under guard; httpx is known only here.

Below httpx lies our own backend: it resolves the name, checks every address, and connects to
the one it checked, while the name stays what TLS verifies. Its streams shrink each socket
timeout to what is left of the request's deadline, which httpx itself does not have: its
timeouts are per read, so that a server sending a byte now and then is never late.
"""

import logging
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import cast

import httpcore
import httpx

from providers.errors import (
    BadRequest,
    ProviderError,
    Timeout,
    TooLarge,
    Unreachable,
    Unreadable,
)
from providers.http.backend import Deadline, GuardedBackend, GuardedStream
from providers.http.framing import gap, stated_length
from providers.http.hosts import Origin
from providers.http.limits import Limits
from providers.http.verdicts import CutShort

ERROR_BYTES = 64 * 1024
USER_AGENT = "finance-dashboard/1"

# httpx writes whole URLs at INFO, httpcore every answer's headers at DEBUG.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Answer:
    """Hold what came back, whatever its status; the body of an error only in part."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def tls_context() -> ssl.SSLContext:
    """Load the trusted roots once for the process: it takes longer than most requests."""
    return httpx.create_ssl_context(trust_env=False)


class _Body(httpx.SyncByteStream):
    """Hand the bytes of httpcore through to httpx, and look for more than were stated."""

    def __init__(self, answer: httpcore.Response, stream: GuardedStream) -> None:
        self._answer = answer
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        # The pool of the synchronous half never hands out an asynchronous stream.
        yield from cast("Iterable[bytes]", self._answer.stream)
        stated = stated_length(self._answer.headers)
        if stated is not None and self._stream.tally.body > stated:
            self._stream.close()  # what is left over would pass for the next answer
            raise CutShort(f"the answer is longer than the {stated} bytes it states", field="body")

    def close(self) -> None:
        """Give the connection back, or close it when the answer was not read to its end."""
        self._answer.close()


class _Transport(httpx.BaseTransport):
    """Send through a pool whose connections our backend makes, and take whole answers only."""

    def __init__(self, backend: GuardedBackend, *, tls: ssl.SSLContext, limits: Limits) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=limits.in_flight,
            max_keepalive_connections=limits.in_flight,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one request to the pool."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=url,
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        stream: GuardedStream = answer.extensions["network_stream"]
        if fault := _fault(answer, stream):
            answer.close()
            raise CutShort(fault, field="body")
        body = _Body(answer, stream)
        return httpx.Response(answer.status, headers=answer.headers, stream=body)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


def _fault(answer: httpcore.Response, stream: GuardedStream) -> str:
    """Say why an answer cannot be the whole one to this request; `""` when it can."""
    if stream.tally.is_blank:
        return "the answer came before its request"
    return gap(answer.status, answer.headers) if answer.status // 100 == 2 else ""


class Wire:
    """Send GET requests to one origin, each within its deadline and its caps."""

    def __init__(
        self,
        *,
        origin: Origin,
        headers: Mapping[str, str],
        limits: Limits,
        clock: Callable[[], float],
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._origin = origin
        self._limits = limits
        self._deadline = Deadline(limits.deadline, clock=clock)
        self._http = httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **headers},
            transport=transport or self._guarded(tls),
            timeout=limits.deadline,
            trust_env=False,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        )

    def _guarded(self, tls: ssl.SSLContext | None) -> _Transport:
        backend = GuardedBackend(origin=self._origin, limits=self._limits, deadline=self._deadline)
        return _Transport(backend, tls=tls or tls_context(), limits=self._limits)

    def get(
        self, path: str, *, params: Mapping[str, str | int], headers: Mapping[str, str]
    ) -> Answer:
        """Send one GET and read its answer whole.

        Raises: ProviderError, whose detail is not redacted yet.
        """
        self._deadline.start()
        with (
            _translated(),
            self._http.stream(
                "GET",
                f"{self._origin}{path}",
                params=params,
                # Last, so that no caller can ask for a body that outgrows its cap.
                headers={**headers, "Accept-Encoding": "identity"},
                follow_redirects=False,
            ) as response,
        ):
            self._check_headers(response)
            return Answer(response.status_code, response.headers, self._body(response))

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _check_headers(self, response: httpx.Response) -> None:
        raw = response.headers.raw
        size = sum(len(name) + len(value) for name, value in raw)
        if len(raw) > self._limits.header_count or size > self._limits.header_bytes:
            raise TooLarge(f"{len(raw)} headers of {size} bytes", field="headers")

    def _body(self, response: httpx.Response) -> bytes:
        """Read what the status makes worth reading."""
        if response.is_success:
            return self._whole(response)
        if response.is_redirect or _encoding(response) != "identity":
            return b""
        try:
            with _translated():
                return b"".join(self._chunks(response, cap=ERROR_BYTES))
        except ProviderError:
            return b""  # the status says enough

    def _whole(self, response: httpx.Response) -> bytes:
        """Read the body of a good answer, refusing it as soon as it is known to be unfit."""
        encoding = _encoding(response)
        if encoding != "identity":
            raise Unreadable(f"the answer is compressed ({encoding})", field="content-encoding")
        cap = self._limits.body_bytes
        declared = response.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > cap:
            raise TooLarge(f"{declared[:20]} bytes, over {cap}")
        return b"".join(self._chunks(response, cap=cap))

    def _chunks(self, response: httpx.Response, *, cap: int) -> Iterator[bytes]:
        """Yield the raw body, counting while it comes."""
        # A mock transport's answer is read already; the one from a socket never is.
        raw = [response.content] if response.is_stream_consumed else response.iter_raw()
        size = 0
        for chunk in raw:
            self._deadline.left()
            size += len(chunk)
            if size > cap:
                raise TooLarge(f"over {cap} bytes")
            yield chunk


def _encoding(response: httpx.Response) -> str:
    return str(response.headers.get("content-encoding", "")).strip().lower() or "identity"


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the libraries raise into our own errors, without their requests and URLs."""
    try:
        yield
    except (httpx.ConnectTimeout, httpcore.ConnectTimeout, httpx.PoolTimeout):
        raise Unreachable("no connection in time") from None
    except (httpx.TimeoutException, httpcore.TimeoutException):
        raise Timeout("no whole answer in time") from None
    except (httpx.RemoteProtocolError, httpcore.RemoteProtocolError) as fault:
        raise _broken(str(fault)) from None
    except (httpx.LocalProtocolError, httpcore.LocalProtocolError, httpx.InvalidURL) as fault:
        raise BadRequest(str(fault)) from None
    except (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError) as fault:
        raise Unreachable(str(fault) or type(fault).__name__) from None


def _broken(reason: str) -> ProviderError:
    """Tell apart the ways in which an answer can fail to be HTTP."""
    if "too long" in reason:
        return TooLarge("headers over the cap", field="headers")
    if "without sending a response" in reason:
        return Unreachable("the connection was closed without an answer")
    if "incomplete" in reason or "without sending complete" in reason:
        return CutShort("the answer was cut short", field="body")
    return Unreadable(f"not HTTP: {reason}")
