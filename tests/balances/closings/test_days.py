from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from balances.closings.days import SETTLE, cutoff, days, last_closed


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Africa/Cairo", date(2026, 4, 22), "2026-04-22T22:00"),
        ("Africa/Cairo", date(2026, 4, 23), "2026-04-23T22:00"),  # midnight itself is skipped
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-24T21:00"),
        ("Africa/Cairo", date(2026, 10, 28), "2026-10-28T21:00"),
        ("Africa/Cairo", date(2026, 10, 29), "2026-10-29T22:00"),  # the last hour comes twice
        ("Europe/Berlin", date(2026, 3, 28), "2026-03-28T23:00"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T22:00"),
        ("Europe/Berlin", date(2026, 10, 24), "2026-10-24T22:00"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-25T23:00"),
        ("America/New_York", date(2026, 3, 7), "2026-03-08T05:00"),
        ("America/New_York", date(2026, 3, 8), "2026-03-09T04:00"),
        ("America/New_York", date(2026, 11, 1), "2026-11-02T05:00"),
    ],
)
def test_a_day_ends_at_midnight_of_its_zone(zone: str, day: date, end: str) -> None:
    assert cutoff(day, zone=ZoneInfo(zone)) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Europe/Berlin", "America/New_York"])
def test_a_day_is_closed_once_its_last_readings_are_written(zone: str) -> None:
    for day in days(date(2026, 1, 1), date(2026, 12, 31)):
        ready = cutoff(day, zone=ZoneInfo(zone)) + SETTLE

        assert last_closed(ready, zone=ZoneInfo(zone)) == day
        assert last_closed(ready - timedelta(seconds=1), zone=ZoneInfo(zone)) < day
