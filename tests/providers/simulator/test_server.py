import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from providers.simulator.server import Simulator
from tests.providers.simulator.conftest import Ask, good_headers


def test_log_tells_what_was_asked_without_secrets(world: Simulator, ask: Ask) -> None:
    ask("payiano", "/payment/balances?page=1&per_page=200")
    ask("payman", "/balances/currencies/XYZ")
    ask("swipelux", "/v1/customers", headers={"X-API-Key": "wrong"})

    first, second, third = world.log

    assert (first.provider, first.slot, first.method) == ("payiano", "payiano", "GET")
    assert (first.path, first.query) == ("/payment/balances", {"page": "1", "per_page": "200"})
    assert [entry.status for entry in (first, second, third)] == [200, 400, 401]
    assert third.slot == ""
    text = json.dumps([entry.plain() for entry in world.log])
    secrets = [value for fields in world.secrets.values() for value in fields.values()]
    assert not [secret for secret in [*secrets, "wrong"] if secret in text]


def test_requests_at_once_are_counted_by_key(world: Simulator, client: httpx.Client) -> None:
    world.options.change(latency=0.1)
    url, headers = world.base_url("payman") + "/me", good_headers(world, "payman")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.get(url, headers=headers), range(8)))
    client.get(url.replace("payman/api/me", "payman/api/version"), headers=headers)

    assert world.requests.max_in_flight == {"payman": 4}
    assert max(entry.in_flight for entry in world.log) == 4
    assert world.log[-1].in_flight == 1
    assert world.requests.counts["payman", 200] == 9
    assert world.requests.peak("payman", seconds=60) == 9


def test_broken_answers_leave_the_count_at_zero(
    world: Simulator, client: httpx.Client, ask: Ask
) -> None:
    client.timeout = httpx.Timeout(0.2)
    world.fault("hang", count=1)
    with pytest.raises(httpx.ReadTimeout):
        ask("payman", "/me")
    world.fault("reset", count=1)
    with pytest.raises(httpx.ReadError):
        ask("payman", "/me")

    ask("payman", "/me")

    assert world.log[-1].in_flight == 1


def test_one_connection_carries_many_requests(world: Simulator) -> None:
    request = (
        "GET /payman/api/balances/currencies/USDC HTTP/1.1\r\nHost: x\r\n"
        + "".join(f"{k}: {v}\r\n" for k, v in good_headers(world, "payman").items())
        + "\r\n"
    ).encode()
    with _connection(world) as raw:
        raw.sendall(request * 3)
        reply = b""
        while reply.count(b"1.000000") < 3:
            reply += raw.recv(4096)

    assert reply.count(b"HTTP/1.1 200 OK") == 3
    assert b"Connection: keep-alive" in reply


@contextmanager
def _connection(world: Simulator) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(world.url.rpartition(":")[2])), 2) as raw:
        yield raw


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_broken_http_is_400_and_the_end(world: Simulator, request_: bytes) -> None:
    with _connection(world) as raw:
        raw.sendall(request_)
        reply = b""
        while chunk := raw.recv(4096):
            reply += chunk

    assert reply.startswith(b"HTTP/1.1 400 Bad Request")


def test_other_addresses_are_404(world: Simulator, client: httpx.Client) -> None:
    assert client.get(world.url + "/").status_code == 404
    assert client.get(world.url + "/payman/apix/me").status_code == 404


def test_only_loopback_is_listened_on(world: Simulator) -> None:
    assert world.url.startswith("http://127.0.0.1:")


def test_stopping_ends_threads_connections_and_frees_the_port(client: httpx.Client) -> None:
    before = threading.active_count()
    simulator = Simulator("small").start()
    port, url = int(simulator.url.rpartition(":")[2]), simulator.base_url("payman")
    client.get(url + "/me")  # The idle connection stays open.
    simulator.fault("hang")
    with pytest.raises(httpx.ReadTimeout):
        client.get(url + "/me", timeout=0.1)

    simulator.stop()

    assert threading.active_count() == before
    with Simulator("small", port=port) as again:
        assert again.url.endswith(f":{port}")


def test_settings_name_what_payman_cannot_list(world: Simulator) -> None:
    settings = world.settings["payman"]

    assert "USDC" in settings["currencies"]
    assert set(settings["customer_ids"]) < world.company("payman").accounts.keys()


def test_truth_is_found_by_slot_or_secret(world: Simulator) -> None:
    secret = world.secrets["payman_other"]["api_secret"]

    assert world.truth("payman", secret) == world.truth("payman_other")
    with pytest.raises(ValueError):
        world.truth("payman", "wrong")
