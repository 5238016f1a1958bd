"""The client against a real socket that misbehaves."""

import contextlib
import gzip
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from providers.errors import (
    HostRefused,
    ProviderError,
    RedirectRefused,
    Timeout,
    TlsFailed,
    TooLarge,
    Unreachable,
    Unreadable,
)
from providers.http import AmountNumber, Client, Limits, Request
from tests.providers.http.servers import BadServer, Script, answer, reset

QUICK = Limits(deadline=0.5, connect=0.4, tries=1, heartbeat=0.05)


def client(server: BadServer, *, limits: Limits = QUICK, **options: Any) -> Client:
    return Client(
        base_url=server.url,
        headers={"X-API-Key": "sk-live-canary"},
        allowed_hosts=[server.url],
        requests_per_second=1000,
        limits=limits,
        **options,
    )


def fault_of(
    script: Script, *, limits: Limits = QUICK, **options: Any
) -> tuple[ProviderError, int]:
    """Return the error that a script leads to, and how many requests it took."""
    with (
        BadServer(script) as server,
        client(server, limits=limits, sleep=lambda _: None, **options) as http,
        pytest.raises(ProviderError) as caught,
    ):
        http.get("/balances")
    return caught.value, len(server.requests)


def drip(text: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        for byte in text:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)  # the fault itself: a byte now and then

    return script


@pytest.mark.parametrize(
    "script",
    [
        drip(answer(b"[" + b" " * 400 + b"]")),
        drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50 + b"\r\n"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50),
    ],
    ids=["body", "headers", "informational"],
)
def test_deadline_holds_while_bytes_drip(script: Script) -> None:
    started = time.monotonic()

    error, _ = fault_of(script)

    assert isinstance(error, Timeout)
    assert 0.4 < time.monotonic() - started < 1.5


def test_server_that_never_answers_is_a_timeout() -> None:
    error, _ = fault_of(lambda connection: time.sleep(0.8))

    assert isinstance(error, Timeout)


def test_dripped_error_keeps_its_status() -> None:
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 500\r\n\r\n"

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        drip(b" " * 40)(connection)

    error, _ = fault_of(script)

    assert error.code == "forbidden"


def test_declared_size_over_the_cap_is_refused_unread() -> None:
    error, _ = fault_of(
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    )

    assert isinstance(error, TooLarge)


def test_endless_chunked_body_is_cut_at_the_cap_in_flat_memory() -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:  # until the client closes, which raises
            connection.sendall(chunk)

    error, _ = fault_of(script, limits=Limits(tries=1))

    assert isinstance(error, TooLarge)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_body_at_the_cap_is_read() -> None:
    limits = Limits(body_bytes=1000, tries=1)
    with (
        BadServer(lambda c: c.sendall(answer(b"1" * 1000))) as server,
        client(server, limits=limits) as http,
    ):
        assert len(http.get("/x").body) == 1000

    error, _ = fault_of(lambda c: c.sendall(answer(b"1" * 1001)), limits=limits)

    assert isinstance(error, TooLarge)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_compressed_answer_is_refused_unread(encoding: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    error, _ = fault_of(
        lambda c: c.sendall(answer(bomb, headers=f"Content-Encoding: {encoding}\r\n"))
    )

    assert isinstance(error, Unreadable)
    assert error.field == "content-encoding"


def test_compression_is_not_asked_for() -> None:
    with BadServer(lambda c: c.sendall(answer(b"[]"))) as server, client(server) as http:
        http.get("/x", headers={"Accept-Encoding": "gzip"})

    assert b"\r\naccept-encoding: identity\r\n" in server.requests[0].lower()
    assert server.requests[0].lower().count(b"accept-encoding") == 1


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[1,",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n",
    ],
    ids=["length", "chunked"],
)
def test_answer_that_ends_early_is_unreadable_after_retries(text: bytes) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_RDWR)

    error, sent = fault_of(script, limits=Limits(tries=3))

    assert isinstance(error, Unreadable)
    assert error.code == "unreadable"
    assert sent == 3


def reset_inside(connection: socket.socket) -> None:
    connection.sendall(answer(b"[]" * 99)[:150])
    reset(connection)


@pytest.mark.parametrize(
    "script",
    [reset, socket.socket.close, reset_inside],
    ids=["reset", "closed", "reset mid-body"],
)
def test_broken_connection_is_tried_again_then_reported(script: Script) -> None:
    error, sent = fault_of(script, limits=Limits(tries=3))

    assert error.code in {"unreachable", "unreadable"}
    assert sent == 3


def test_broken_connection_that_mends_is_not_seen() -> None:
    def script(connection: socket.socket) -> None:
        if len(server.requests) < 3:
            reset(connection)
        else:
            connection.sendall(answer(b"[1]"))

    with (
        BadServer(script) as server,
        client(server, limits=Limits(), sleep=lambda _: None) as http,
    ):
        assert http.get("/x").decode(list[int]) == [1]
        assert http.requests_sent == 3


def test_refused_connection_is_unreachable() -> None:
    with BadServer(reset) as server:
        pass

    with client(server) as http, pytest.raises(Unreachable):
        http.get("/x")


@pytest.mark.parametrize(
    "garbage", [b"\x00\x01\x02\r\n\r\n", b"HTTP/9.9 abc\r\n\r\n", b"SSH-2.0\r\n\r\n"]
)
def test_answer_that_is_no_http_is_unreadable(garbage: bytes) -> None:
    error, _ = fault_of(lambda c: c.sendall(garbage))

    assert isinstance(error, Unreadable)


@pytest.mark.parametrize(
    "headers",
    [
        "X-A: b\r\n" * 300,
        "X-A: " + "b" * 70_000 + "\r\n",
        "X-A: b\r\n" * 10_000 + "X: " + "c" * 200_000,
    ],
    ids=["many", "long", "flood"],
)
def test_headers_over_the_cap_are_refused(headers: str) -> None:
    def script(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(answer(b"[]", headers=headers))

    error, _ = fault_of(script)

    assert isinstance(error, TooLarge)
    assert error.field == "headers"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_redirect_is_refused_and_its_target_hears_nothing(status: str) -> None:
    with BadServer(lambda c: c.sendall(answer(b"[]"))) as target:
        error, sent = fault_of(
            lambda c: c.sendall(answer(b"", status=status, headers=f"Location: {target.url}/\r\n"))
        )

        assert isinstance(error, RedirectRefused)
        assert sent == 1
        assert target.requests == []


def test_cookies_are_not_kept() -> None:
    with (
        BadServer(
            lambda c: c.sendall(answer(b"[]", headers="Set-Cookie: a=b; Path=/\r\n"))
        ) as server,
        client(server) as http,
    ):
        http.get("/x")
        http.get("/x")

    assert b"cookie" not in server.requests[1].lower()


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with BadServer(lambda c: c.sendall(answer(b"[]"))) as server, client(server) as http:
        assert http.get("/x").status == 200


def test_connections_are_kept_between_requests() -> None:
    ports = set()

    def script(connection: socket.socket) -> None:
        ports.add(connection.getpeername())
        connection.sendall(answer(b"[]"))

    with BadServer(script) as server, client(server) as http:
        for _ in range(5):
            http.get("/x")

    assert len(ports) == 1


def test_at_most_four_are_in_flight() -> None:
    now, most = [0], [0]

    def script(connection: socket.socket) -> None:
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.02)  # a slow answer, so that requests overlap
        now[0] -= 1
        connection.sendall(answer(b"[]"))

    with BadServer(script) as server, client(server, limits=Limits(tries=1)) as http:
        answers = [reply for _, reply in http.each(Request(f"x/{n}") for n in range(40))]

    assert len(answers) == 40
    assert not any(isinstance(reply, ProviderError) for reply in answers)
    assert most[0] == 4


def test_loopback_is_refused_when_only_its_name_is_listed() -> None:
    with (
        BadServer(lambda c: c.sendall(answer(b"[]"))) as server,
        Client(
            base_url="https://localhost", headers={}, allowed_hosts=["localhost"], limits=QUICK
        ) as http,
        pytest.raises(HostRefused),
    ):
        http.get("/x")

    assert server.requests == []


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["2606:2800::1", "64:ff9b::7f00:1"]],
)
def test_every_address_of_a_name_must_be_public(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(0, 0, 0, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with (
        Client(
            base_url="https://api.example.com",
            headers={},
            allowed_hosts=["api.example.com"],
            limits=QUICK,
        ) as http,
        pytest.raises(HostRefused),
    ):
        http.get("/x")


def test_resolver_that_hangs_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> list[object]:
        time.sleep(1)  # the fault itself
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    started = time.monotonic()
    with (
        Client(
            base_url="https://api.example.com",
            headers={},
            allowed_hosts=["api.example.com"],
            limits=QUICK,
        ) as http,
        pytest.raises(Unreachable),
    ):
        http.get("/x")

    assert time.monotonic() - started < 0.9


# --- Whole answers --------------------------------------------------------------------------------
def sends(text: bytes) -> Script:
    """Send a text and close."""

    def script(connection: socket.socket) -> None:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_RDWR)

    return script


JSON = b"Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\n12",
        b"HTTP/1.1 200 OK\r\n" + JSON + b"Connection: close\r\n\r\n1250.00",
        b"HTTP/1.0 200 OK\r\n" + JSON + b"\r\n12",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n12",
        b"HTTP/1.1 201 Created\r\n\r\n12",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n12",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n0\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n12",
        b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n12",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1250.00",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n1250.00",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\n1250.00",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n1250.00",
        b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/7\r\nContent-Length: 2\r\n\r\n12",
    ],
)
def test_number_that_may_be_cut_short_is_no_answer_after_retries(text: bytes) -> None:
    error, sent = fault_of(sends(text), limits=Limits(tries=3))

    assert isinstance(error, Unreadable)
    assert (error.code, error.field) == ("unreadable", "body")
    assert sent == 3


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.0 200 OK\r\n" + JSON + b"Content-Length: 7\r\n\r\n1250.00",
        b"HTTP/1.1 200 OK\r\n" + JSON + b"CONTENT-LENGTH: 7, 7\r\n\r\n1250.00",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n5\r\n50.00\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n1250.00",
    ],
    ids=["1.0", "length", "chunks", "informational"],
)
def test_whole_number_is_read_though_it_comes_byte_by_byte(text: bytes) -> None:
    def script(connection: socket.socket) -> None:
        for byte in text:
            connection.sendall(bytes([byte]))
        connection.shutdown(socket.SHUT_RDWR)

    with BadServer(script) as server, client(server) as http:
        assert http.get("/x").decode(AmountNumber) == Decimal("1250.00")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 2\r\n\r\n1250.00",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n1250.00",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n1250.00",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n1250.00",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n1250.00",
    ],
)
def test_framing_that_contradicts_itself_is_refused(text: bytes) -> None:
    error, _ = fault_of(sends(text))

    assert error.code in {"unreadable", "too_large"}


def test_answer_sent_ahead_is_not_taken_for_the_next_one() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n"

    def script(connection: socket.socket) -> None:
        if len(server.requests) == 1:
            connection.sendall(chunked + answer(b"2"))
        else:
            connection.sendall(answer(b"3"))

    with (
        BadServer(script) as server,
        client(server, limits=Limits(), sleep=lambda _: None) as http,
    ):
        assert http.get("/x").decode(int) == 1
        assert http.get("/y").decode(int) == 3


def test_error_without_a_length_keeps_its_status() -> None:
    error, sent = fault_of(sends(b"HTTP/1.1 403 Forbidden\r\n\r\nno"))

    assert (error.code, error.detail, sent) == ("forbidden", "HTTP 403: no", 1)


# --- TLS ------------------------------------------------------------------------------------------
def certificate(folder: Path, *, name: str, days: int = 1) -> tuple[Path, Path]:
    """Write a self-signed certificate for a name and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@contextlib.contextmanager
def tls_server(
    folder: Path, *, name: str, days: int = 1
) -> Iterator[tuple[BadServer, ssl.SSLContext]]:
    """Serve under a certificate, and give the context that trusts it."""
    pem, secret = certificate(folder, name=name, days=days)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem, secret)
    with BadServer(lambda c: c.sendall(answer(b"[1]")), tls=serving) as server:
        yield server, ssl.create_default_context(cafile=str(pem))


def tls_client(server: BadServer, trusted: ssl.SSLContext | None) -> Client:
    listed = f"localhost:{server.port}"
    return Client(
        base_url=f"https://{listed}", headers={}, allowed_hosts=[listed], limits=QUICK, tls=trusted
    )


def test_certificate_is_verified_for_the_name_not_the_address(tmp_path: Path) -> None:
    with (
        tls_server(tmp_path, name="localhost") as (server, trusted),
        tls_client(server, trusted) as http,
    ):
        assert http.get("/x").decode(list[int]) == [1]

    assert f"host: localhost:{server.port}".encode() in server.requests[0].lower()


@pytest.mark.parametrize(
    ("name", "days", "trusts"),
    [("localhost", 1, False), ("other.example", 1, True), ("localhost", -1, True)],
    ids=["self-signed", "wrong name", "expired"],
)
def test_certificate_that_is_not_right_fails_without_a_request(
    tmp_path: Path, name: str, days: int, trusts: bool
) -> None:
    with (
        tls_server(tmp_path, name=name, days=days) as (server, trusted),
        tls_client(server, trusted if trusts else None) as http,
        pytest.raises(TlsFailed),
    ):
        http.get("/x")

    assert server.requests == []
    assert http.requests_sent == 1
