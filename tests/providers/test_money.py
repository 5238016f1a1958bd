"""Amounts: judged as text, kept whole, written without loss."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.money import (
    AmountError,
    check_amount,
    format_amount,
    from_minor,
    parse_amount,
    places,
    plain,
    split_amount,
    to_minor,
)

WIDEST = "99999999999999999999.999999999999999999"
exact = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: from_minor(n, 18))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("150.00", "150.00"),
        ("1.000000", "1.000000"),
        ("1e-05", "0.00001"),
        ("1.5E+3", "1500"),
        ("1e19", "10000000000000000000"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("0e30", "0"),
        (WIDEST, WIDEST),
        ("-" + WIDEST, "-" + WIDEST),
        ("1.0000000000000000000000", "1.000000000000000000"),
    ],
)
def test_amount_is_read_exactly_with_the_scale_sent(text: str, value: str) -> None:
    assert str(parse_amount(text)) == str(Decimal(value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "+1",
        "01",
        ".5",
        "1.",
        "1,5",
        "1_000",
        "１２",
        "٣",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e999999",
        "1e-31",
        "1e20",
        "100000000000000000000",
        "0.0000000000000000001",
        "9" * 5000,
        "1e" + "0" * 5000,
        "true",
        "0x10",
    ],
)
def test_text_that_is_no_amount_of_ours_is_refused(text: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(text)

    assert len(str(caught.value)) < 160


@given(exact)
def test_reading_what_was_written_gives_the_same_amount(amount: Decimal) -> None:
    assert parse_amount(plain(amount)) == amount
    assert check_amount(amount) == amount


@given(exact, st.integers(0, 18))
def test_written_amounts_keep_every_digit_in_any_context(amount: Decimal, decimals: int) -> None:
    with localcontext(prec=3):
        text = plain(amount, decimals)
        shown = format_amount(amount, decimals)

    assert "E" not in text
    assert Decimal(text) == amount
    assert Decimal(shown.replace(",", "").replace("\u2212", "-")) == amount
    assert len(text.partition(".")[2]) >= decimals


@pytest.mark.parametrize(
    ("amount", "decimals", "text", "shown"),
    [
        ("1234.5", 2, "1234.50", "1,234.50"),
        ("1234.567", 2, "1234.567", "1,234.567"),
        ("1234.5600", 2, "1234.56", "1,234.56"),
        ("-42118.6", 2, "-42118.60", "\u221242,118.60"),
        ("-0.00", 2, "0.00", "0.00"),
        ("1E+3", 0, "1000", "1,000"),
        ("500", 0, "500", "500"),
        ("0.1", 0, "0.1", "0.1"),
    ],
)
def test_amount_is_written_with_at_least_the_decimals_asked(
    amount: str, decimals: int, text: str, shown: str
) -> None:
    assert plain(Decimal(amount), decimals) == text
    assert format_amount(Decimal(amount), decimals) == shown


def test_parts_for_styling_join_to_the_whole() -> None:
    assert split_amount(Decimal("-1234567.5"), 2) == ("\u2212", "1,234,567", "50")
    assert split_amount(Decimal(5), 0) == ("", "5", "")


@pytest.mark.parametrize("value", [1.5, 1, "1", None, True])
def test_only_decimals_are_amounts(value: Any) -> None:
    with pytest.raises(AmountError):
        check_amount(value)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "1E+20", "1E-19", "1E+999999"])
def test_decimals_out_of_range_are_refused(value: str) -> None:
    with pytest.raises(AmountError):
        check_amount(Decimal(value))


def test_checked_amount_is_a_plain_decimal_without_exponent() -> None:
    class Amount(Decimal):
        pass

    checked = check_amount(Amount("1E+3"))

    assert type(checked) is Decimal
    assert str(checked) == "1000"
    assert str(check_amount(Decimal("-0.0"))) == "0.0"


def test_places_count_what_the_value_needs() -> None:
    assert [places(Decimal(t)) for t in ("1.500", "1.00", "0", "1E+3", "0.000001")] == [
        1,
        0,
        0,
        0,
        6,
    ]


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_minor_units_convert_both_ways(minor: int, exponent: int) -> None:
    assert to_minor(from_minor(minor, exponent), exponent) == minor


def test_amount_finer_than_the_minor_unit_is_not_converted() -> None:
    with pytest.raises(AmountError):
        to_minor(Decimal("1.005"), 2)
