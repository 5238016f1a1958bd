"""Make connections that lead where they should and end when they must.

The name is resolved here and every address of it checked, and the connection is made to an
address that was checked: a name that answers otherwise a moment later changes nothing.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Any

import httpcore

from providers.errors import ProviderError, Timeout, TlsFailed, Unreachable
from providers.http.framing import Tally
from providers.http.hosts import Origin, require_public
from providers.http.limits import Limits

ADDRESSES_TRIED = 4


class Deadline(threading.local):
    """Know the end of the request each thread is at.

    Time: seconds of a monotonic clock.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until = 0.0

    def start(self) -> None:
        """Begin a request in this thread."""
        self._until = self._clock() + self._seconds

    def left(self) -> float:
        """Return the seconds left.

        Raises: Timeout, when there are none.
        """
        left = self._until - self._clock()
        if left <= 0:
            raise Timeout(f"no whole answer in {self._seconds:g} s")
        return left


class GuardedStream(httpcore.NetworkStream):
    """Read and write with what is left of the deadline, whatever timeout is asked for.

    `tally` counts what came since the last request was written.
    """

    def __init__(
        self, inner: httpcore.NetworkStream, *, deadline: Deadline, connect: float
    ) -> None:
        self._inner = inner
        self._deadline = deadline
        self._connect = connect
        self.tally = Tally()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read, and count it."""
        chunk = self._inner.read(max_bytes, self._deadline.left())
        self.tally.add(chunk)
        return chunk

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a request, whose answer is counted from nothing."""
        self.tally.start()
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        """Close the socket."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands within the time to connect, and go on guarded."""
        left = min(self._connect, self._deadline.left())
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as fault:
            raise _handshake_fault(fault.__cause__) from None
        return GuardedStream(inner, deadline=self._deadline, connect=self._connect)

    def get_extra_info(self, info: str) -> Any:
        """Pass on what is known of the socket."""
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore.NetworkBackend):
    """Connect to one origin, and to nothing inside unless the operator listed it."""

    def __init__(self, *, origin: Origin, limits: Limits, deadline: Deadline) -> None:
        self._origin = origin
        self._limits = limits
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check every address, connect to the first that answers."""
        addresses = _resolve(host, port, timeout=self._patience())
        require_public(addresses, origin=self._origin)
        inner = self._first(addresses[:ADDRESSES_TRIED], port)
        return GuardedStream(inner, deadline=self._deadline, connect=self._limits.connect)

    def _first(self, addresses: list[str], port: int) -> httpcore.NetworkStream:
        fault: Exception = Unreachable("the name has no address")
        for address in addresses:
            try:
                return self._sockets.connect_tcp(address, port, timeout=self._patience())
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refusal:
                fault = refusal
        raise fault

    def _patience(self) -> float:
        return min(self._limits.connect, self._deadline.left())


def _resolve(host: str, port: int, *, timeout: float) -> list[str]:
    """Look a name up in a thread of its own: the system's resolver knows no timeout."""
    answers: SimpleQueue[list[str]] = SimpleQueue()
    look_up = threading.Thread(target=_look_up, args=(host, port, answers), daemon=True)
    look_up.start()
    try:
        found = answers.get(timeout=timeout)
    except Empty:
        raise Unreachable("the name was not resolved in time") from None
    if not found:
        raise Unreachable("the name does not resolve")
    return found


def _look_up(host: str, port: int, answers: SimpleQueue[list[str]]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    answers.put([str(place[0]) for *_, place in found])


def _handshake_fault(cause: BaseException | None) -> ProviderError:
    """Tell a certificate that cannot be trusted from a connection that broke."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TlsFailed(f"the certificate is not valid: {cause.verify_message}")
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return Unreachable("the connection was closed during the handshake")
    if isinstance(cause, ssl.SSLError):
        return TlsFailed(f"the handshake failed: {cause.reason}")
    return Unreachable("the connection broke during the handshake")
