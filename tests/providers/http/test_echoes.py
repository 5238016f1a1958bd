"""A server that sends the credential's own secret back hears nothing of it again from us."""

import json
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from providers.connectors import verdict
from providers.errors import ProviderError, Unreadable
from providers.http import AmountNumber, Client, Limits, Ref

SECRET = 'sk-live/"Canary"+0123456789'
MARK = "canary"
SPELT = json.dumps(SECRET).encode()
ESCAPED = ('"' + "".join(f"\\u{ord(char):04X}" for char in SECRET) + '"').encode()
HALF = SPELT.replace(b"C", b"\\u0043").replace(b"n", b"\\u006e")
LONG = b'"' + b"k" * 118 + SPELT[1:]


class Item(msgspec.Struct):
    id: Ref
    amount: AmountNumber
    count: int = 0


class Answer(msgspec.Struct):
    items: list[Item]


def asking(answer: Callable[[httpx.Request], httpx.Response], *, secret: str = SECRET) -> Client:
    return Client(
        base_url="https://api.payiano.com",
        headers={"Authorization": f"Bearer {secret}"},
        allowed_hosts=["api.payiano.com"],
        limits=Limits(tries=1),
        transport=httpx.MockTransport(answer),
    )


def decoded(http: Client, shape: Any) -> Any:
    reply = http.get("/x")
    logging.getLogger("test").warning("%r", reply)
    return reply.decode(shape)


def told(
    response: httpx.Response, *, shape: Any = Answer, secret: str = SECRET
) -> tuple[ProviderError, str]:
    """Return the error an answer ends in, and every text made of it."""
    with asking(lambda _: response, secret=secret) as http, pytest.raises(ProviderError) as caught:
        decoded(http, shape)
    error = caught.value
    logging.getLogger("test").warning("refused", exc_info=error)
    found = verdict.failed(error, permission="read", token_help="")
    texts = [str(error), repr(error), error.explained, error.detail, error.field, repr(found)]
    texts += [error.request_id, error.permission, repr(error.__dict__), error.body.decode()]
    texts += [step.detail for step in found.steps]
    return error, "\n".join(texts)


def at_key(key: bytes) -> list[bytes]:
    return [
        b"{%s:NaN}" % key,
        b'{"items":{%s:Infinity}}' % key,
        b'{%s:{"a":1,"a":2}}' % key,
        b"{%s:1,%s:NaN}" % (key, key),
        b'[{"a":{"%s":{%s:NaN}}}]' % (b"k" * 100, key),
    ]


@pytest.mark.parametrize("key", [SPELT, ESCAPED, HALF, LONG], ids=["plain", "u", "half", "long"])
@pytest.mark.parametrize("number", range(5))
def test_secret_as_a_key_is_in_no_text(
    key: bytes, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    error, texts = told(httpx.Response(200, content=at_key(key)[number]))

    assert isinstance(error, Unreadable)
    assert "sk-live" not in (texts + caplog.text).lower()
    assert MARK not in (texts + caplog.text).lower()


@pytest.mark.parametrize("value", [SPELT, ESCAPED, HALF, SPELT.upper().replace(b"\\U", b"\\u")])
@pytest.mark.parametrize(
    "form",
    [
        b'{"items":[{"id":%s,"amount":1}]}',
        b'{"items":[{"id":"x","amount":1},{"id":%s,"amount":1}]}',
        b'{"items":[{"id":"x","amount":%s}]}',
        b'{"items":%s}',
        b"%s",
        b"%s x",
    ],
)
def test_secret_as_a_value_is_refused_and_in_no_text(
    form: bytes, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    error, texts = told(httpx.Response(200, content=form % value))

    assert isinstance(error, Unreadable)
    assert MARK not in (texts + caplog.text).lower()


def test_echoed_reference_is_refused_at_its_place() -> None:
    body = b'{"items":[{"id":"x","amount":1},{"id":"my-%s","amount":1}]}' % SPELT[1:-1]

    error, _ = told(httpx.Response(200, content=body))

    assert error.explained == "the answer repeats the credential's secret at $.items[1].id"


@pytest.mark.parametrize("shape", [dict[str, Any], list[int], Decimal])
def test_secret_is_refused_in_every_shape_that_keeps_it(shape: Any) -> None:
    secret = "31415926535"
    bodies = {dict[str, Any]: b'{"%s":1}', list[int]: b"[1,%s]", Decimal: b"%s.5"}
    body = bodies[shape] % secret.encode()

    error, texts = told(
        httpx.Response(200, content=body),
        shape=AmountNumber if shape is Decimal else shape,
        secret=secret,
    )

    assert isinstance(error, Unreadable)
    assert secret not in texts


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 422, 429, 500])
@pytest.mark.parametrize(
    "headers",
    [
        lambda text: {"Content-Type": f"text/{text}"},
        lambda text: {"Content-Type": "text/" + "x" * 40 + text},
        lambda text: {"Content-Encoding": text},
        lambda text: {"Content-Encoding": "x" * 20 + text},
        lambda text: {"X-Request-Id": text},
        lambda text: {"X-Request-Id": "x" * 50 + text},
        lambda text: {"Retry-After": text, "Date": text, "Location": text},
        lambda text: {"Location": f"http://[{text}"},
        lambda text: {"Location": "http://a/" + "x" * 230 + text, "Set-Cookie": text},
    ],
)
def test_secret_in_a_header_is_in_no_text(
    headers: Callable[[str], dict[str, str]], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    _, texts = told(httpx.Response(status, headers=headers(SECRET), stream=httpx.ByteStream(b"x")))

    assert "sk-live" not in (texts + caplog.text).lower()


@pytest.mark.parametrize("value", [SPELT, ESCAPED, HALF, SPELT.lower()])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
def test_secret_in_a_problem_is_in_no_text(value: bytes, status: int) -> None:
    body = b'{"message":"missing permission: %s","%s":NaN,"pad":"' % (value[1:-1], value[1:-1])
    problem = body + b"x" * 100 + value[1:-1] + b'"}'

    error, texts = told(httpx.Response(status, content=problem))

    assert MARK not in texts.lower()
    assert b"\\u0043" not in error.body
    assert b"\\u006" not in error.body


def test_secret_cut_by_the_end_of_a_text_is_no_less_hidden() -> None:
    for length in range(200, 260):
        fault = httpx.LocalProtocolError("x" * length + SECRET)

        def fail(_: httpx.Request, fault: Exception = fault) -> httpx.Response:
            raise fault

        with asking(fail) as http, pytest.raises(ProviderError) as caught:
            http.get("/x")
        assert "s" not in caught.value.detail


def test_answer_that_only_mentions_it_where_nothing_is_kept_is_read() -> None:
    body = b'{"token":%s,"items":[{"id":"a\\u00e9","amount":1}]}' % SPELT
    with asking(lambda _: httpx.Response(200, content=body)) as http:
        assert decoded(http, Answer).items[0].id == "a\u00e9"
