"""Check amounts on their text, and write them out without losing a digit.

Amounts are `Decimal` in natural units. Nothing here rounds, and nothing depends on the
thread's decimal context, which keeps 28 digits and would drop the rest unseen.
"""

import re
from decimal import Decimal

WHOLE_DIGITS = 20
PLACES = 18
EXPONENT = 30
TEXT_LENGTH = 64
MINUS = "\u2212"

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


class AmountError(ValueError):
    """Say why a text or number is not an amount we can keep exactly."""


def parse_amount(text: str) -> Decimal:
    """Read a JSON number's text, judged before any arithmetic.

    Units: natural, as the text says. The scale sent is kept (`1.50` stays `1.50`); an
    exponent is spelt out, and minus zero becomes zero.
    Raises: AmountError, when it is no plain ASCII decimal or passes 20 whole digits, 18
    places, or an exponent of 30.
    """
    if len(text) > TEXT_LENGTH:
        raise AmountError(f"number of {len(text)} characters")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise AmountError(f"not a decimal number: {text!r}")
    sign, whole, fraction, power = match.groups(default="")
    exponent = int(power or 0)
    if abs(exponent) > EXPONENT:
        raise AmountError(f"exponent out of range: {text!r}")
    return _built(sign == "-", whole + fraction, exponent - len(fraction), text=text)


def _built(negative: bool, digits: str, exponent: int, *, text: str) -> Decimal:
    """Build the value from digits alone, its scale brought into 0…18 places."""
    digits = digits.lstrip("0") or "0"
    if digits == "0":
        return Decimal((0, (0,), -min(max(-exponent, 0), PLACES)))
    while exponent < -PLACES and digits.endswith("0"):
        digits, exponent = digits[:-1], exponent + 1
    if exponent > 0:
        digits, exponent = digits + "0" * exponent, 0
    if len(digits) + exponent > WHOLE_DIGITS or exponent < -PLACES:
        raise AmountError(f"more than {WHOLE_DIGITS} whole digits or {PLACES} places: {text!r}")
    return Decimal((int(negative), tuple(map(int, digits)), exponent))


def check_amount(amount: Decimal) -> Decimal:
    """Return the amount as a plain `Decimal` within our range.

    Raises: AmountError, for a float, NaN, an infinity or too many digits.
    """
    if not isinstance(amount, Decimal):
        raise AmountError(f"not a Decimal: {type(amount).__name__}")
    if not amount.is_finite():
        raise AmountError(f"not a finite number: {amount}")
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int) or abs(exponent) > WHOLE_DIGITS + PLACES:
        raise AmountError("exponent out of range")
    return _built(bool(sign), "".join(map(str, digits)), exponent, text=str(amount)[:TEXT_LENGTH])


def places(amount: Decimal) -> int:
    """Count the decimals the value needs, trailing zeros aside."""
    return len(_parts(amount, 0)[2])


def plain(amount: Decimal, decimals: int = 0) -> str:
    """Write digits only: at least `decimals` places, no further trailing zeros, no exponent."""
    negative, whole, fraction = _parts(amount, decimals)
    return ("-" if negative else "") + whole + ("." + fraction if fraction else "")


def split_amount(amount: Decimal, decimals: int) -> tuple[str, str, str]:
    """Return sign, grouped whole and fraction (without its point), to be styled apart."""
    negative, whole, fraction = _parts(amount, decimals)
    return (MINUS if negative else "", f"{int(whole):,}", fraction)


def format_amount(amount: Decimal, decimals: int) -> str:
    """Write for people: `1,234.50`, with a true minus sign and every digit there is."""
    sign, whole, fraction = split_amount(amount, decimals)
    return sign + whole + ("." + fraction if fraction else "")


def to_minor(amount: Decimal, exponent: int) -> int:
    """Return the whole number of minor units.

    Raises: AmountError, when the amount has a finer part than the minor unit.
    """
    negative, whole, fraction = _parts(amount, exponent)
    if len(fraction) > exponent:
        raise AmountError(f"finer than 10^-{exponent}: {plain(amount)}")
    return int(whole + fraction) * (-1 if negative else 1)


def from_minor(minor: int, exponent: int) -> Decimal:
    """Return natural units of a whole number of minor units, exactly."""
    return Decimal((int(minor < 0), tuple(map(int, str(abs(minor)))), -exponent))


def _parts(amount: Decimal, decimals: int) -> tuple[bool, str, str]:
    """Split into sign, whole and fraction digits; zero has no sign."""
    whole, _, fraction = format(amount.copy_abs(), "f").partition(".")
    return (
        amount.is_signed() and not amount.is_zero(),
        whole,
        fraction.rstrip("0").ljust(decimals, "0"),
    )
