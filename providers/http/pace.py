"""Keep to a provider's pace, whatever the number of threads, and read its wish to wait."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

LONGEST_ASKED = timedelta(hours=24)

_SECONDS = re.compile(r"-?[0-9]+")


class Pace:
    """Hand out turns: `burst` at once, then `rate` a second, shared by all threads."""

    def __init__(self, *, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._gap = 1 / rate
        self._slack = (burst - 1) * self._gap
        self._clock = clock
        self._lock = Lock()
        self._next = clock() - self._slack

    def take(self) -> float:
        """Reserve the next turn and return the seconds until it comes."""
        with self._lock:
            now = self._clock()
            turn = max(self._next, now - self._slack)
            self._next = turn + self._gap
            return max(0.0, turn - now)

    def pause(self, seconds: float) -> None:
        """Give no turn to anyone before so many seconds have passed."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)


def retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Read a Retry-After header, as seconds or a date; nonsense is no wish at all.

    Time: clamped to 0 to 24 hours from `now`.
    """
    if value is None or len(value) > 64:
        return None
    text = value.strip()
    asked = _seconds(text) if _SECONDS.fullmatch(text) else _until(text, now=now)
    return None if asked is None else min(max(asked, timedelta()), LONGEST_ASKED)


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=max(0, min(int(text), LONGEST_ASKED.total_seconds())))


def _until(text: str, *, now: datetime) -> timedelta | None:
    moment = http_date(text)
    return None if moment is None else moment - now


def http_date(text: str) -> datetime | None:
    """Read an HTTP date as an aware instant, or return `None`."""
    try:
        moment = parsedate_to_datetime(text)
        # The last day of the calendar in New York is none in UTC.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
