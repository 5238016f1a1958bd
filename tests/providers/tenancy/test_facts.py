"""Check how what was and what is are put into words, and that no secret is."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.tenancy.facts import changes, masked
from providers.tenancy.models import ActivityEntry

CAIRO = ZoneInfo("Africa/Cairo")


def said(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    entry = ActivityEntry(before=before, after=after)
    return [str(change) for change in changes(entry, zone=CAIRO)]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"role": "VIEWER"}, {"role": "ANALYST"}, ["Role: Viewer, now Analyst"]),
        ({"is_active": True}, {"is_active": False}, ["Active: yes, now no"]),
        ({}, {"holder": "CUSTOMERS"}, ["Whose money: Customers'"]),
        ({"closed_from": "2026-11-01"}, {}, ["Closed from: was 2026-11-01"]),
        ({"display_name": ""}, {"display_name": "Main"}, ["Name: nothing, now Main"]),
        ({"kept_at": None}, {"kept_at": "2026-11-20T22:45:00+00:00"}, ["Kept: nothing, now 21 Nov 2026, 00:45"]),
        ({"kept_at": "2026-13-20T22:45"}, {}, ["Kept: was 2026-13-20T22:45"]),
        ({}, {"currencies": ["USD", "EUR"]}, ["Currencies: USD, EUR"]),
        ({}, {"customer_ids": []}, ["Customer ids: nothing"]),
        ({}, {"pace": {"burst": 1, "name": "x"}}, ["Pace: Burst 1, Name x"]),
        ({"role": "VIEWER", "is_active": True}, {"role": "ADMIN", "is_active": True}, ["Role: Viewer, now Admin"]),
        ({}, {"rows": 0}, ["Rows: 0"]),
        ({"interval": 300}, {"interval": 60}, ["Interval: 300 s, now 60 s"]),
        ({}, {"stale_after": 900}, ["Stale after: 900 s"]),
        ({}, {}, []),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words(
    before: dict[str, Any], after: dict[str, Any], words: list[str]
) -> None:
    assert said(before, after) == words


@pytest.mark.parametrize(
    "name", ["client_secret", "session_token", "private_key", "password", "SECRET"]
)
@pytest.mark.parametrize("value", ["sk.live.abcdef", ["sk.live.abcdef"], 12345])
def test_a_secret_that_was_recorded_by_mistake_is_shown_nowhere(name: str, value: object) -> None:
    facts = {name: value, "deep": {name: value}}

    assert sorted(said({}, facts)) == sorted(
        [
            f"{name.replace('_', ' ').capitalize()}: hidden",
            f"Deep: {name.replace('_', ' ').capitalize()} hidden",
        ]
    )
    assert masked(facts) == {name: "hidden", "deep": {name: "hidden"}}


def test_the_last_characters_of_a_secret_are_no_secret() -> None:
    assert said({}, {"api_secret": "*** 7f3c"}) == ["API secret: *** 7f3c"]
    assert masked({"api_secret": "*** 7f3c", "name": "x"}) == {
        "api_secret": "*** 7f3c",
        "name": "x",
    }
