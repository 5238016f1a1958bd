"""Scales and kinds of currencies."""

import re

import pytest

from providers.currencies import CURRENCIES, CurrencyKind, currency, exponent, is_test


@pytest.mark.parametrize(
    ("code", "scale"),
    [
        ("USD", 2),
        ("EGP", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("UYI", 0),
        ("UGX", 0),
        # Locale libraries print these without decimals; the standard gives them two or three.
        ("HUF", 2),
        ("IDR", 2),
        ("COP", 2),
        ("IQD", 3),
        ("LBP", 2),
        ("PKR", 2),
        ("USDC", 6),
        ("USDCBASE", 6),
        ("USDT", 6),
        ("EURC", 6),
        ("DAI", 18),
        ("TSD", 2),
    ],
)
def test_scale_is_that_of_the_standard_or_the_token(code: str, scale: int) -> None:
    assert exponent(code) == scale


def test_standard_scales_other_than_two_are_exactly_these() -> None:
    fiat = [c for c in CURRENCIES.values() if c.kind is CurrencyKind.FIAT and c.name]
    odd = {c.code: c.exponent for c in fiat if c.exponent != 2}

    assert sum(scale == 3 for scale in odd.values()) == 7
    assert sum(scale == 4 for scale in odd.values()) == 2
    assert sum(scale == 0 for scale in odd.values()) == 17 + 7  # with what has no minor unit


def test_every_code_can_be_stored() -> None:
    assert all(re.fullmatch(r"[A-Z0-9]{2,12}", code) for code in CURRENCIES)
    assert all(code == known.code and known.name for code, known in CURRENCIES.items())


def test_unknown_code_has_no_entry_and_the_scale_asked_for() -> None:
    assert currency("QQQ") is None
    assert exponent("QQQ") == 2
    assert exponent("QQQ", 6) == 6


def test_test_money_is_told_apart() -> None:
    assert is_test("TSD")
    assert not is_test("USD")
    assert not is_test("USDC")
    assert not is_test("QQQ")
