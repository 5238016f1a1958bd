"""Answers: exact and as declared, or unreadable at a named place."""

import contextlib
import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import Unreadable
from providers.http import Amount, AmountNumber, AmountText, Instant, Ref, decode_json
from providers.money import from_minor, plain


class Item(msgspec.Struct):
    id: Ref
    amount: AmountNumber
    count: int = 0
    text: AmountText | None = None
    either: Amount | None = None


class Answer(msgspec.Struct):
    items: list[Item]


def read(value: str, *, field: str = "amount") -> Item:
    members = {"id": '"a"', "amount": "1"} | {field: value}
    inner = ",".join(f'"{name}":{text}' for name, text in members.items())
    return decode_json(f'{{"items":[{{"id":"z","amount":0}},{{{inner}}}]}}'.encode(), Answer).items[
        1
    ]


def fault(body: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        decode_json(body, Answer)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("200000", "200000"),
        ("1520.75", "1520.75"),
        ("1.000000", "1.000000"),
        ("1e-05", "0.00001"),
        ("-0", "0"),
        ("-0.0", "0.0"),
        ("-3", "-3"),
        ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
        ("0.1", "0.1"),
    ],
)
def test_number_is_read_exactly(text: str, value: str) -> None:
    for field in ("amount", "either"):
        assert str(getattr(read(text, field=field), field)) == value


@pytest.mark.parametrize("field", ["text", "either"])
def test_text_amount_is_read_exactly(field: str) -> None:
    assert str(getattr(read('"1250.50"', field=field), field)) == "1250.50"


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.integers(0, 18))
def test_every_amount_of_ours_survives_the_wire(minor: int, decimals: int) -> None:
    amount = from_minor(minor, 18)

    assert read(plain(amount, decimals)).amount == amount
    assert read(f'"{plain(amount, decimals)}"', field="text").text == amount


BAD_NUMBERS = ["1e400", "1e999999", "1e20", "0.0000000000000000001", "1" * 5000, "9" * 21]
BAD_TEXTS = [
    '"NaN"', '"Infinity"', '"1_000"', '"\uff11\uff12"', '"\u0663"', '"1,5"', '""', '" 1"', '"1e999999"', '"+1"',
    '"' + "1" * 5000 + '"',
]  # fmt: skip


@pytest.mark.parametrize("text", [*BAD_NUMBERS, "true", "null", "[]", "{}", '"1.5"', *BAD_TEXTS])
def test_what_is_no_number_of_ours_is_unreadable_at_its_place(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)

    assert caught.value.field == "$.items[1].amount"
    assert len(caught.value.detail) < 160


@pytest.mark.parametrize("text", ["1.5", "1", "true", "[]", *BAD_TEXTS])
def test_what_is_no_text_amount_is_unreadable_at_its_place(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text, field="text")

    assert caught.value.field == "$.items[1].text"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_number_that_json_does_not_know_is_unreadable_anywhere(text: str) -> None:
    for field in ("amount", "ignored"):
        with pytest.raises(Unreadable) as caught:
            read(text, field=field)
        assert caught.value.field == f"$.items[1].{field}"


def test_number_out_of_range_matters_only_where_it_is_read() -> None:
    assert read("0.1000000000000000055511151231257827", field="rate").amount == 1


@pytest.mark.parametrize("text", ["1.0", "1e3", '"1"', "true", "1.5", "1" * 5000])
def test_count_is_a_whole_number_and_nothing_else(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text, field="count")

    assert caught.value.field == "$.items[1].count"


def test_huge_exponent_costs_no_time() -> None:
    started = time.process_time()
    for text in ("1e999999999", "1" * 5000 + "e99999", "0." + "0" * 100_000 + "1"):
        with pytest.raises(Unreadable):
            read(text)

    assert time.process_time() - started < 0.2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"items":[],"items":[]}', "$"),
        (b'{"items":[{"id":"a","amount":1,"amount":2}]}', "$.items[0]"),
        (b'{"items":[{"id":"a","amount":1,"x":{"y":NaN,"y":1}}]}', "$.items[0].x"),
        (b"{}", "$"),
        (b'{"error":"no"}', "$"),
        (b'{"items":null}', "$.items"),
        (b'{"items":{}}', "$.items"),
        (b'{"items":[null]}', "$.items[0]"),
        (b'{"items":[{"id":"a"}]}', "$.items[0]"),
        (b"null", "$"),
        (b"[]", "$"),
        (b"1", "$"),
        (b'{"items":[{"id":"","amount":1}]}', "$.items[0].id"),
        (b'{"items":[{"id":"' + b"x" * 65 + b'","amount":1}]}', "$.items[0].id"),
        (b'{"items":[{"id":"a\\u0000","amount":1}]}', "$.items[0].id"),
        (b'{"items":[{"id":"\\ud800","amount":1}]}', "$.items[0].id"),
        (b'{"items":[{"id":7,"amount":1}]}', "$.items[0].id"),
    ],
)
def test_body_that_is_not_the_contract_names_its_place(body: bytes, field: str) -> None:
    assert fault(body).field == field


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"<!doctype html><html></html>",
        b'{"items":[',
        b'{"items":[]} x',
        b"{'items':[]}",
        b'{"items":[01]}',
        b'{"items":[1.]}',
        b'{"items":["a\nb"]}',
        b"\xef\xbb\xbf{}",
        b'{"items":["\xff"]}',
        '{"items":[]}'.encode("utf-16"),
        b"[" * 21 + b"]" * 21,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: body[:12].hex() + str(len(body)),
)
def test_body_that_is_no_json_is_unreadable(body: bytes) -> None:
    fault(body)


def test_nesting_of_twenty_is_read() -> None:
    assert decode_json(b"[" * 20 + b"]" * 20, list[Any])


def test_nesting_over_twenty_is_refused_whatever_is_declared() -> None:
    for body in (b"[" * 21 + b"]" * 21, b'{"a":' * 21 + b"1" + b"}" * 21):
        with pytest.raises(Unreadable):
            decode_json(body, list[Any] if body[:1] == b"[" else dict[str, Any])


def test_fault_never_repeats_a_long_value_or_breaks_a_line() -> None:
    error = fault(b'{"a\\nb":{"c":1,"c":2}}')

    assert "\n" not in str(error)
    assert error.field == "$.a?b"


def test_money_declared_as_float_or_plain_decimal_is_refused() -> None:
    for shape in (dict[str, float], dict[str, Decimal]):
        with pytest.raises(Unreadable):
            decode_json(b'{"a":1.5}', shape)
    with pytest.raises(Unreadable):
        decode_json(b'{"a":"NaN"}', dict[str, Decimal])


def test_time_names_its_offset() -> None:
    for text in ("2024-01-15T10:30:00Z", "2024-01-15T12:30:00+02:00"):
        body = json.dumps([text]).encode()
        assert decode_json(body, list[Instant]) == [datetime(2024, 1, 15, 10, 30, tzinfo=UTC)]
    for text in ("2024-01-15T10:30:00", "yesterday", ""):
        with pytest.raises(Unreadable):
            decode_json(json.dumps([text]).encode(), list[Instant])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_unreadable(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        decode_json(body, Answer)


KEYS = st.sampled_from(["items", "id", "amount", "text"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TREES = st.recursive(
    LEAVES,
    lambda kids: st.lists(kids, max_size=3) | st.dictionaries(KEYS, kids, max_size=3),
)


@given(TREES)
def test_any_json_is_read_or_unreadable(value: object) -> None:
    with contextlib.suppress(Unreadable):
        decode_json(json.dumps(value).encode(), Answer)
