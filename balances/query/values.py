"""Read the values people write: codes, texts, amounts and instants, each in one canonical form."""

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from balances.query.catalogue import BLANK, MAX_MINUTES, MAX_TEXT, PARTIAL, Field, Kind
from balances.query.tree import Value
from providers.money import AmountError, parse_amount, plain
from providers.phrases import phrase as _

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?(Z|[+ -]\d{2}:\d{2})?",
    re.ASCII,
)
YEARS = range(1900, 2201)  # every zone is able to tell these
_DIRT = ("Cc", "Cs")  # control characters and lone surrogates: no database takes them all


class BadValue(ValueError):
    """Say why a text is no value of a field: a code, and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code
        self.message = message


def read_value(field: Field, text: str, *, zone: ZoneInfo, operator: str = "eq") -> Value:
    """Return the text as a value of the field. Raises: BadValue."""
    if field.kind is Kind.AMOUNT:
        return read_amount(text)
    if field.kind is Kind.INSTANT:
        return read_instant(text, zone=zone)
    if field.kind is Kind.MINUTES:
        return _read_minutes(text)
    clean = read_text(text)
    if not clean:
        raise BadValue("empty", _("is empty"))
    if field.kind is Kind.TEXT and clean == BLANK and operator not in PARTIAL:
        return ""
    if field.kind is Kind.FLAG:
        return _read_flag(clean)
    return clean if field.kind is Kind.TEXT else _read_code(field, clean, operator)


def encode_value(value: Value) -> str:
    """Write one value: amounts plain, instants in UTC with Z, flags in lower case, no text as its sign."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return str(value).lower() if isinstance(value, bool) else str(value) or BLANK


def read_text(text: str, *, limit: int = MAX_TEXT) -> str:
    """Return the text without outer white space. Raises: BadValue."""
    text = text.strip()
    if len(text) > limit:
        raise BadValue(
            "too_long", _("has %(n)d characters; %(most)d are the most", n=len(text), most=limit)
        )
    if any(unicodedata.category(char) in _DIRT for char in text):
        raise BadValue("bad_text", _("holds control characters"))
    return text


def read_amount(text: str) -> Value:
    """Return an exact amount. Raises: BadValue."""
    try:
        return parse_amount(text.strip())
    except AmountError:
        raise BadValue(
            "bad_amount",
            _(
                "is not an amount: %(text)r. Write digits, with a point for decimals and no commas, "
                "at most 20 before the point and 18 after",
                text=text[:40],
            ),
        ) from None


def read_instant(text: str, *, zone: ZoneInfo) -> datetime:
    """Return an instant in UTC; one without an offset is in the zone, a bare date its midnight.

    Raises: BadValue, also for a local time that the zone has twice or not at all.
    """
    match = _INSTANT.fullmatch(text.strip())
    try:
        local = datetime.fromisoformat("".join(_iso_parts(match))) if match else None
        if local is None:
            raise ValueError
        instant = _in_zone(local, zone).astimezone(UTC)
        if not YEARS.start <= instant.year < YEARS.stop:
            raise BadValue(
                "bad_instant",
                _("is between %(first)d and %(last)d", first=YEARS.start, last=YEARS.stop - 1),
            )
        return instant
    except (ValueError, OverflowError) as fault:
        if isinstance(fault, BadValue):
            raise
        raise BadValue(
            "bad_instant",
            _(
                "is not a time: %(text)r. Write 2026-11-20T09:30, or add Z or +02:00",
                text=text[:40],
            ),
        ) from None


def _iso_parts(match: re.Match[str]) -> tuple[str, str, str]:
    day, clock, offset = match.groups(default="")
    offset = offset.replace(" ", "+")  # an address typed by hand reads a plus as a space
    return f"{day}T", clock or "00:00", "+00:00" if offset == "Z" else offset


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    if local.tzinfo is not None:
        return local
    early, late = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() == late.utcoffset():
        return early
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise BadValue(
            "missing_time", _("does not exist in %(zone)s: the clocks were put forward", zone=zone)
        )
    raise BadValue(
        "ambiguous_time", _("happens twice in %(zone)s: add an offset such as +02:00", zone=zone)
    )


def _read_minutes(text: str) -> int:
    text = text.strip()
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) > MAX_MINUTES:
        raise BadValue(
            "bad_minutes",
            _(
                "is a whole number of minutes up to %(most)d, not %(text)r",
                most=MAX_MINUTES,
                text=text[:40],
            ),
        )
    return int(text)


def _read_flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise BadValue("unknown_value", _("is true or false, not %(text)r", text=text[:40]))
    return text.lower() == "true"


def _read_code(field: Field, text: str, operator: str) -> str:
    if text.isascii():
        text = text.upper() if field.name == "currency" else text.lower()
    if field.values and text not in field.values:
        raise BadValue(
            "unknown_value",
            _("is not one of %(known)s: %(text)r", known=", ".join(field.values), text=text[:40]),
        )
    shape = field.part if operator in PARTIAL else field.shape
    if shape and not re.fullmatch(shape, text, re.ASCII):
        raise BadValue(
            "bad_code",
            _("is not a %(field)s code: %(text)r", field=field.label.lower(), text=text[:40]),
        )
    return text
