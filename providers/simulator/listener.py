"""Speak HTTP/1.1 with keep-alive on loopback, in one thread, and misbehave byte by byte when told to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from threading import Event, Thread
from typing import NamedTuple

from providers.simulator.spoil import Delivery
from providers.simulator.wire import Answer

_REASONS = {int(status): status.phrase for status in HTTPStatus}
_HEAD_LIMIT = 64 * 1024
_BODY_LIMIT = 1024 * 1024
_ENDLESS = b"4000\r\n" + b"0," * 8192 + b"\r\n"


class Call(NamedTuple):
    """Hold what came over the wire, before anyone made sense of it; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Outcome(NamedTuple):
    """Hold the answer, how it is to be sent, and whom to tell its status.

    `finish` is called once or twice: with the status just before the last byte leaves, and in the end with 0, which
    counts only where the first did not come.
    """

    answer: Answer
    delivery: Delivery
    finish: Callable[[int], None]


class Listener:
    """Serve calls on 127.0.0.1 in a thread of its own, until stopped."""

    def __init__(self, *, port: int, exchange: Callable[[Call], Outcome]) -> None:
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self._exchange = exchange
        self._ready = Event()
        self._thread = Thread(target=self._run, name=f"simulator:{self.port}", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End every connection and the thread, and free the port."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, sock=self._socket, limit=_HEAD_LIMIT)
        self._ready.set()
        async with server:
            await self._stopping.wait()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side has enough."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker: a coroutine always runs in a task
        self._tasks.add(task)
        try:
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
            ):
                while await self._one(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self._stopping.is_set() else writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one call, and say whether the connection may carry another."""
        try:
            call = await _read(reader)
        except (ValueError, asyncio.LimitOverrunError) as error:
            refusal = Answer(status=400, value={"message": f"Bad request: {error}"})
            await _write(writer, Outcome(refusal, Delivery(), _unheard), keep=False, bodiless=False)
            return False
        outcome = self._exchange(call)
        keep = call.headers.get("connection", "").lower() != "close"
        try:
            return await _deliver(
                reader, writer, outcome, keep=keep, bodiless=call.method == "HEAD"
            )
        finally:
            outcome.finish(0)


async def _read(reader: asyncio.StreamReader) -> Call:
    """Read one call.

    Raises: ValueError for anything but plain HTTP/1.1 with a Host.
    """
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    method, target, version = first.split(" ")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip() or name.lower() in headers:
            raise ValueError(f"header line {line[:40]!r}")
        headers[name.lower()] = value.strip()
    if version != "HTTP/1.1" or "host" not in headers or "transfer-encoding" in headers:
        raise ValueError("HTTP/1.1 with a Host and a plain body is spoken here")
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _BODY_LIMIT:
        raise ValueError("body too large")
    return Call(method, target, headers, await reader.readexactly(length))


async def _deliver(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    outcome: Outcome,
    *,
    keep: bool,
    bodiless: bool,
) -> bool:
    """Send the answer as told, and say whether the connection may carry another call."""
    delivery = outcome.delivery
    if delivery.delay:
        await asyncio.sleep(delivery.delay)
    if delivery.hang:
        await reader.read(1)  # Returns when the client gives up.
        raise ConnectionAbortedError
    if delivery.reset:
        _reset(writer)
    keep = keep and not (delivery.cut or delivery.endless)
    await _write(writer, outcome, keep=keep, bodiless=bodiless)
    return keep


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST.

    Raises: ConnectionResetError always.
    """
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise ConnectionResetError


async def _write(
    writer: asyncio.StreamWriter, outcome: Outcome, *, keep: bool, bodiless: bool
) -> None:
    """Write head and body: at once, cut in half, drop by drop or without an end."""
    answer, delivery, finish = outcome
    body = answer.body()
    head = _head(answer, length=None if delivery.endless else len(body), keep=keep)
    if delivery.endless:
        body = b"1\r\n[\r\n"
    if bodiless:
        body = b""
    if delivery.cut:
        body = body[: len(body) // 2]
    if delivery.drip:
        head, body = await _drip(writer, head, body, delivery=delivery)
    if not delivery.endless:
        finish(answer.status)  # Before the last byte: who has the answer finds it in the log.
    writer.write(head + body)
    await writer.drain()
    while delivery.endless:
        writer.write(_ENDLESS)
        await writer.drain()


async def _drip(
    writer: asyncio.StreamWriter, head: bytes, body: bytes, *, delivery: Delivery
) -> tuple[bytes, bytes]:
    """Send all but the last byte one by one, and return what is left to send."""
    if not delivery.drip_head:
        writer.write(head)
    slow = head + body if delivery.drip_head else body
    for byte in slow[:-1]:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(delivery.drip)
    return b"", slow[-1:]


def _unheard(_: int) -> None:
    """Tell nobody how it ended."""


def _head(answer: Answer, *, length: int | None, keep: bool) -> bytes:
    """Write the status line and the headers; no length means chunks."""
    reason = _REASONS.get(answer.status, "Unknown")
    size = ("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))
    headers = {
        "Date": formatdate(usegmt=True),
        "Content-Type": answer.content_type,
        size[0]: size[1],
        "Connection": "keep-alive" if keep else "close",
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
