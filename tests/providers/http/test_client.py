"""The client over a mock transport: errors, retries, pace, secrets, many at once."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.errors import (
    BadRequest,
    CredentialRejected,
    Forbidden,
    HostRefused,
    Misconfigured,
    NotFound,
    ProviderError,
    RedirectRefused,
    ServerError,
    Throttled,
    Timeout,
    Unreachable,
    Unreadable,
)
from providers.http import Client, Limits, Reply, Request, segment
from providers.rows import AsOfSource

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECRET = 'sk-live/"canary"+1'
Handler = Callable[[httpx.Request], httpx.Response]


class Run:
    """A client over a handler, with a clock that only sleeping moves."""

    def __init__(self, handler: Handler, **options: Any) -> None:
        self.time = 1000.0
        self.sleeps: list[float] = []
        self.requests: list[httpx.Request] = []
        self.calls = 0

        def record(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return handler(request)

        defaults: dict[str, Any] = {
            "base_url": "https://api.payiano.com/v1",
            "headers": {"Authorization": f"Bearer {SECRET}"},
            "secrets": [SECRET],
            "allowed_hosts": ["api.payiano.com"],
            "requests_per_second": 1000,
            "burst": 100,
            "transport": httpx.MockTransport(record),
            "before_request": self.beat,
            "clock": lambda: self.time,
            "sleep": self.sleep,
            "now": lambda: NOW,
            "jitter": lambda low, high: high,
        }
        self.http = Client(**defaults | options)

    def beat(self) -> None:
        self.calls += 1

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(round(seconds, 6))
        self.time += seconds

    def error(self, path: str = "balances") -> ProviderError:
        with self.http, pytest.raises(ProviderError) as caught:
            self.http.get(path)
        return caught.value


def says(status: int, **options: Any) -> Handler:
    return lambda _: httpx.Response(status, **options)


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    remaining = iter(answers)

    def handler(_: httpx.Request) -> httpx.Response:
        answer = next(remaining)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


OK = httpx.Response(200, json=[1])


@pytest.mark.parametrize(
    ("status", "kind", "tries"),
    [
        (300, RedirectRefused, 1),
        (301, RedirectRefused, 1),
        (304, RedirectRefused, 1),
        (400, BadRequest, 1),
        (401, CredentialRejected, 1),
        (403, Forbidden, 1),
        (404, NotFound, 1),
        (408, BadRequest, 1),
        (409, BadRequest, 1),
        (410, BadRequest, 1),
        (422, BadRequest, 1),
        (429, Throttled, 3),
        (500, ServerError, 3),
        (502, ServerError, 3),
        (503, ServerError, 3),
        (599, ServerError, 3),
    ],
)
def test_status_becomes_the_error_it_stands_for(
    status: int, kind: type[ProviderError], tries: int
) -> None:
    run = Run(says(status, text="no", headers={"Location": "https://evil.example/"}))

    error = run.error()

    assert type(error) is kind
    assert error.status == status
    assert len(run.requests) == run.http.requests_sent == run.calls == tries
    assert {request.url.host for request in run.requests} == {"api.payiano.com"}


@pytest.mark.parametrize(
    ("fault", "kind", "tries"),
    [
        (httpx.ConnectError("refused"), Unreachable, 3),
        (httpx.ConnectTimeout("late"), Unreachable, 3),
        (httpx.ReadTimeout("late"), Timeout, 3),
        (httpx.ReadError("reset"), Unreachable, 3),
        (
            httpx.RemoteProtocolError("Server disconnected without sending a response."),
            Unreachable,
            3,
        ),
        (httpx.RemoteProtocolError("illegal header line"), Unreadable, 1),
        (httpx.LocalProtocolError("illegal header value"), BadRequest, 1),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value),
)
def test_failure_to_talk_becomes_the_error_it_stands_for(
    fault: Exception, kind: type[ProviderError], tries: int
) -> None:
    run = Run(in_turn(*[fault] * 3))

    assert type(run.error()) is kind
    assert len(run.requests) == tries


def test_retries_wait_twice_as_long_each_time_and_never_over_eight_seconds() -> None:
    run = Run(says(500), limits=Limits(tries=8))

    run.error()

    assert run.sleeps == [0.5, 1, 2, 4, 8, 8, 8]


def test_jitter_is_full() -> None:
    asked: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    run = Run(says(500), jitter=jitter)
    run.error()

    assert asked == [(0, 0.5), (0, 1)]
    assert run.sleeps == []


def test_answer_after_failures_is_an_answer() -> None:
    run = Run(in_turn(httpx.Response(503), httpx.ReadTimeout("late"), OK))

    with run.http as http:
        assert http.get("x").decode(list[int]) == [1]
        assert http.requests_sent == 3


@pytest.mark.parametrize(
    ("header", "waits"),
    [
        ("3", [3]),
        ("0", []),
        ("-5", []),
        ("10", [10]),
        ("Wed, 04 Mar 2026 05:06:11 GMT", [4]),
        ("Wed, 04 Mar 2020 05:06:11 GMT", []),
        ("soon", [0.5]),
        ("1e1", [0.5]),
        ("", [0.5]),
    ],
)
def test_short_wait_asked_for_is_slept_once(header: str, waits: list[float]) -> None:
    run = Run(in_turn(httpx.Response(429, headers={"Retry-After": header}), OK))

    with run.http as http:
        assert http.get("x").status == 200
    assert run.sleeps == waits


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("11", timedelta(seconds=11)),
        ("999999999", timedelta(hours=24)),
        ("9" * 60, timedelta(hours=24)),
        ("Wed, 04 Mar 2026 05:16:07 GMT", timedelta(minutes=10)),
        ("Fri, 04 Mar 2050 05:16:07 GMT", timedelta(hours=24)),
    ],
)
def test_long_wait_ends_the_run_without_sleeping(header: str, wait: timedelta) -> None:
    run = Run(says(429, headers={"Retry-After": header}))

    error = run.error()

    assert isinstance(error, Throttled)
    assert error.retry_after == wait
    assert error.stops_run
    assert run.sleeps == []
    assert len(run.requests) == 1


def test_nothing_more_is_sent_once_a_long_wait_was_asked_for() -> None:
    run = Run(says(429, headers={"Retry-After": "60"}))

    with run.http as http:
        answers = [answer for _, answer in http.each(Request(f"x/{n}") for n in range(50))]

    assert len(answers) == 50
    assert all(isinstance(answer, Throttled) for answer in answers)
    assert len(run.requests) <= 4


def test_rejection_in_mid_run_is_tried_once_more() -> None:
    run = Run(in_turn(OK, httpx.Response(401), OK, httpx.Response(401), httpx.Response(401)))

    with run.http as http:
        http.get("x")
        assert http.get("x").status == 200
        with pytest.raises(CredentialRejected):
            http.get("x")
    assert len(run.requests) == 5


def test_words_of_a_refusal_are_kept_short_and_clean() -> None:
    body = "line\r\n\x00two " + "x" * 1000
    error = Run(says(422, text=body, headers={"X-Request-Id": "req_1"})).error()

    assert error.detail.startswith("HTTP 422: line two x")
    assert len(error.detail) == 256
    assert error.body.startswith(b"line\r\n")
    assert error.request_id == "req_1"


def test_words_of_a_server_error_are_not_shown() -> None:
    assert Run(says(500, text="<html>stack trace")).error().detail == "HTTP 500"


# --- Secrets --------------------------------------------------------------------------------------
def test_secret_is_in_no_error_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"key {SECRET} and {SECRET.encode()!r} and sk-live%2F%22canary%22%2B1 and {{"
    echo += '"sk-live/\\"canary\\"+1"}'
    run = Run(says(403, text=echo, headers={"X-Request-Id": SECRET}))

    error = run.error("balances?x".replace("?x", ""))

    shown = [str(error), repr(error), error.request_id, error.body.decode(), repr(run.http)]
    shown += [caplog.text, repr(Request("x", headers={"X-API-Key": SECRET}))]
    assert "canary" not in "".join(shown)
    assert "***" in error.detail


def test_secret_in_a_header_is_hidden_though_nobody_named_it() -> None:
    error = Run(says(400, text=f"bad key {SECRET}"), secrets=[]).error()

    assert "canary" not in str(error)


def test_secret_in_a_library_s_complaint_is_masked() -> None:
    run = Run(in_turn(httpx.LocalProtocolError(f"Illegal header value b'{SECRET}'")))

    error = run.error()

    assert "canary" not in str(error)
    assert error.detail == "Illegal header value b'***'"


LOGGED = """
import logging, httpx
logging.basicConfig(level=logging.DEBUG)
from providers.http import Client
transport = httpx.MockTransport(lambda request: httpx.Response(200))
allowed = ["api.payiano.com"]
with Client(
    base_url="https://api.payiano.com", headers={}, allowed_hosts=allowed, transport=transport
) as http:
    http.get("x", params={"email": "a@b.example"})
print("asked")
"""


def test_urls_are_not_logged_even_where_everything_is() -> None:
    run = subprocess.run([sys.executable, "-c", LOGGED], check=True, capture_output=True, text=True)

    assert run.stdout == "asked\n"
    assert "api.payiano.com" not in run.stderr
    assert "example" not in run.stderr


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX: y", "caf\u00e9", "", " a", "a ", "a\x00"])
def test_key_that_no_header_can_carry_is_refused_unsent_and_unshown(value: str) -> None:
    run = Run(says(200), headers={"X-API-Key": value})

    error = run.error()

    assert isinstance(error, Misconfigured)
    assert error.field == "X-API-Key"
    assert run.requests == []


# --- Addresses ------------------------------------------------------------------------------------
def test_host_off_the_list_hears_nothing() -> None:
    run = Run(says(200), base_url="https://evil.example/v1")

    assert isinstance(run.error(), HostRefused)
    assert run.requests == []
    assert run.http.requests_sent == 0


@pytest.mark.parametrize(
    "path", ["../x", "a/../b", "./a", "a?b=c", "a#b", "a\\b", "a//b", "a\nb", ""]
)
def test_path_stays_below_the_base_url(path: str) -> None:
    run = Run(says(200))

    assert isinstance(run.error(path), Misconfigured)
    assert run.requests == []


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        ("cus_1", "/v1/customers/cus_1/balances"),
        ("a/b", "/v1/customers/a%2Fb/balances"),
        ("..", "/v1/customers/%2E%2E/balances"),
        ("jo+x@a.example", "/v1/customers/jo%2Bx%40a.example/balances"),
        ("a?b#c", "/v1/customers/a%3Fb%23c/balances"),
        ("\u00e9", "/v1/customers/%C3%A9/balances"),
    ],
)
def test_ids_stay_one_part_of_the_path(ref: str, path: str) -> None:
    run = Run(says(200, json=[]))

    with run.http as http:
        http.get(f"/customers/{segment(ref)}/balances", params={"page": 1})

    assert run.requests[0].url.raw_path.decode() == f"{path}?page=1"


# --- Replies --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("date", "as_of", "source"),
    [
        ("Wed, 04 Mar 2026 05:06:05 GMT", NOW - timedelta(seconds=2), AsOfSource.RESPONSE_DATE),
        ("Wed, 04 Mar 2026 07:06:05 +0200", NOW - timedelta(seconds=2), AsOfSource.RESPONSE_DATE),
        ("Wed, 04 Mar 2026 05:01:07 GMT", NOW - timedelta(minutes=5), AsOfSource.RESPONSE_DATE),
        ("Wed, 04 Mar 2026 05:01:06 GMT", NOW, AsOfSource.RECEIVED),
        ("Wed, 04 Mar 2026 05:06:07 GMT", NOW, AsOfSource.RESPONSE_DATE),
        ("Wed, 04 Mar 2026 05:06:08 GMT", NOW, AsOfSource.RECEIVED),
        ("Wed, 04 Mar 2026 05:10:07 GMT", NOW, AsOfSource.RECEIVED),
        ("Wed, 04 Mar 2026 06:00:00 GMT", NOW, AsOfSource.RECEIVED),
        ("yesterday", NOW, AsOfSource.RECEIVED),
        (None, NOW, AsOfSource.RECEIVED),
    ],
)
def test_reply_is_as_of_its_date_when_that_is_near_our_clock(
    date: str | None, as_of: datetime, source: AsOfSource
) -> None:
    headers = {} if date is None else {"Date": date}
    with Run(says(200, json=[], headers=headers)).http as http:
        reply = http.get("x")

    assert (reply.as_of, reply.as_of_source) == (as_of, source)
    assert (reply.sent_at, reply.received_at) == (NOW, NOW)
    assert reply.as_of.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/vnd.payman.v1+json", True),
        ("APPLICATION/JSON", True),
        ("text/html", False),
        ("text/plain", False),
        ("application/jsonp", False),
    ],
)
def test_only_json_is_decoded(kind: str, is_read: bool) -> None:
    with Run(says(200, content=b"[1]", headers={"Content-Type": kind})).http as http:
        reply = http.get("x")

    if is_read:
        assert reply.decode(list[int]) == [1]
    else:
        with pytest.raises(Unreadable) as caught:
            reply.decode(list[int])
        assert caught.value.field == "content-type"


def test_reply_shows_neither_body_nor_headers() -> None:
    with Run(says(200, json=["canary"], headers={"X-Echo": "canary"})).http as http:
        reply = http.get("x")

    assert "canary" not in repr(reply)
    assert reply.headers["x-echo"] == reply.headers["X-Echo"] == "canary"


# --- Pace and many at once ------------------------------------------------------------------------
def test_requests_keep_to_the_pace_after_the_burst() -> None:
    run = Run(says(200, json=[]), requests_per_second=2, burst=5)

    with run.http as http:
        for _ in range(8):
            http.get("x")

    assert run.sleeps == [0.5, 0.5, 0.5]


def test_idle_time_earns_no_more_than_the_burst() -> None:
    run = Run(says(200, json=[]), requests_per_second=2, burst=2)

    with run.http as http:
        http.get("x")
        run.time += 3600
        for _ in range(4):
            http.get("x")

    assert run.sleeps == [0.5, 0.5]


def test_pace_holds_across_threads() -> None:
    started = time.monotonic()
    run = Run(
        says(200, json=[]), requests_per_second=100, burst=1, clock=time.monotonic, sleep=time.sleep
    )

    with run.http as http:
        count = sum(1 for _ in http.each(Request(f"x/{n}") for n in range(30)))

    assert count == 30
    assert time.monotonic() - started >= 0.29


def test_each_gives_every_answer_to_the_thread_that_asked() -> None:
    here = threading.get_ident()
    beats: list[int] = []
    asked_in: set[int] = set()

    def handler(request: httpx.Request) -> httpx.Response:
        asked_in.add(threading.get_ident())
        return httpx.Response(404 if request.url.path.endswith("7") else 200, json=request.url.path)

    run = Run(handler, before_request=lambda: beats.append(threading.get_ident()))
    with run.http as http:
        pairs = list(http.each(Request(f"x/{n}", tag=str(n)) for n in range(20)))

    assert sorted(int(request.tag) for request, _ in pairs) == list(range(20))
    for request, answer in pairs:
        if request.tag in {"7", "17"}:
            assert isinstance(answer, NotFound)
        else:
            assert isinstance(answer, Reply)
            assert answer.decode(str) == f"/v1/{request.path}"
    assert set(beats) == {here}
    assert len(beats) >= 20
    assert here not in asked_in
    assert 1 <= len(asked_in) <= 4


def test_each_draws_requests_only_as_there_is_room() -> None:
    drawn = 0

    def requests() -> Iterator[Request]:
        nonlocal drawn
        for n in range(5000):
            drawn += 1
            yield Request(f"x/{n}")

    ahead = []
    with Run(says(200, json=[]), clock=time.monotonic, requests_per_second=1e6).http as http:
        for done, _ in enumerate(http.each(requests()), start=1):
            ahead.append(drawn - done)

    assert len(ahead) == 5000
    assert max(ahead) <= 8


def test_closing_the_iterator_cancels_what_has_not_started() -> None:
    run = Run(says(200, json=[]))
    with run.http as http:
        answers = http.each(Request(f"x/{n}") for n in range(5000))
        next(answers)
        answers.close()
        sent = http.requests_sent

    assert sent <= 8
    assert len(run.requests) == sent


def test_closing_does_not_wait_out_the_pace() -> None:
    run = Run(
        says(200, json=[]),
        requests_per_second=0.01,
        burst=1,
        clock=time.monotonic,
        sleep=time.sleep,
    )
    started = time.monotonic()
    with run.http as http:
        answers = http.each(Request(f"x/{n}") for n in range(10))
        next(answers)
        answers.close()

    assert time.monotonic() - started < 5
    assert run.http.requests_sent == 1


def test_lease_is_kept_while_an_answer_is_slow() -> None:
    release = threading.Event()
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats > 5:
            release.set()

    def handler(_: httpx.Request) -> httpx.Response:
        assert release.wait(10)
        return OK

    run = Run(handler, before_request=beat, limits=Limits(heartbeat=0.01))
    with run.http as http:
        [(_, answer)] = http.each([Request("x")])

    assert isinstance(answer, Reply)
    assert beats > 5


def test_lost_lease_ends_each_and_stops_sending() -> None:
    class LeaseLost(Exception):
        pass

    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats > 3:
            raise LeaseLost

    run = Run(says(200, json=[]), before_request=beat)
    with run.http as http, pytest.raises(LeaseLost):
        list(http.each(Request(f"x/{n}") for n in range(100)))

    assert len(run.requests) <= 3


def test_each_within_each_keeps_the_cap() -> None:
    lock = threading.Lock()
    now = most = 0

    def handler(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002)  # a slow answer, so that requests overlap
        with lock:
            now -= 1
        return httpx.Response(200, json=[])

    with Run(handler).http as http:
        for _ in http.each(Request(f"x/{n}") for n in range(20)):
            assert len(list(http.each([Request("y/1"), Request("y/2")]))) == 2

    assert most <= 4


def test_no_requests_give_no_answers() -> None:
    with Run(says(500)).http as http:
        assert list(http.each([])) == []
