"""What the two headers that hold a time may say: anything, without ending a run."""

import itertools
import random
import string
from datetime import UTC, datetime, timedelta

from providers.http.pace import http_date, retry_after

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(hours=24)

_DATES = [
    f"{day}, {number} {month} {year} {clock} {zone}"
    for day, number, month, year, clock, zone in itertools.product(
        ["Fri", ""],
        ["31", "00"],
        ["Dec", "Xyz"],
        ["9999", "0001", "0", "99999999999"],
        ["23:59:59", "00:00:00", "99:99:99", "-1:2"],
        ["-0500", "+0500", "+9999", "-9999", "GMT"],
    )
]
_NUMBERS = ["9" * 63, "-" + "9" * 63, "1e999", "-1", "+1", "inf", "NaN", "0x10", "\uff11", "1.5"]
_ODD = [
    "",
    " ",
    ",",
    ":",
    "\x00",
    "\ud800",
    "\u0661\u0662",
    "(" * 60,
    '"',
    "9" * 5000,
    "Fri, " * 9000,
]


def _noise() -> list[str]:
    """Return texts made of what dates are made of, the same ones in every run."""
    rng = random.Random(8)
    parts = ["Fri", ",", " ", "31", "Dec", "9999", "23:59:59", "-0500", "GMT", *string.punctuation]
    return ["".join(rng.choices(parts, k=rng.randint(1, 12))) for _ in range(400)]


HOSTILE = [*_DATES, *_NUMBERS, *_ODD, *_noise()]


def test_no_hostile_date_raises_or_is_naive() -> None:
    moments = [http_date(text) for text in HOSTILE]

    assert all(moment is None or moment.tzinfo is UTC for moment in moments)


def test_no_hostile_wait_raises_or_leaves_its_bounds() -> None:
    waits = [retry_after(text, now=NOW) for text in HOSTILE]

    assert all(wait is None or timedelta() <= wait <= DAY for wait in waits)


def test_date_that_lies_past_the_calendar_in_utc_is_none() -> None:
    text = "Fri, 31 Dec 9999 23:59:59 -0500"

    assert http_date(text) is None
    assert retry_after(text, now=NOW) is None


def test_date_and_wait_are_read() -> None:
    assert http_date("Fri, 20 Nov 2026 07:00:10 -0500") == NOW + timedelta(seconds=10)
    assert retry_after("Fri, 20 Nov 2026 12:00:10 GMT", now=NOW) == timedelta(seconds=10)
    assert retry_after("-" + "9" * 63, now=NOW) == timedelta()
