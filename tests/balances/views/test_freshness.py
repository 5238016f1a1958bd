from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn, stop_clock

MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
SENTENCE = "//*[@id='freshness']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def mixed(acme: Tenant) -> Tenant:
    """Give a tenant whose four credentials were read at four times, one of them never."""
    good = make_credential(acme, name="Good")
    make_balance(good, scope=make_scope(good, read_at=NOW - 5 * MINUTE))
    make_balance(good, "EUR", scope=make_scope(good, read_at=NOW - 2 * MINUTE))
    failing = make_credential(acme, provider="payman", name="Failing", error_code="timeout")
    make_balance(failing, scope=make_scope(failing, read_at=NOW - 3 * HOUR))
    paused = make_credential(acme, provider="payman", name="Paused", paused_at=NOW)
    make_balance(paused, scope=make_scope(paused, read_at=NOW - 20 * HOUR))
    unread = make_credential(acme, provider="swipelux", name="Unread")
    make_balance(unread, available=None, scope=make_scope(unread, read_at=None))
    return acme


def said(client: Client, path: str) -> str:
    return Screen(client.get(f"/acme/{path}")).text(SENTENCE)


def test_sentence_gives_every_balance_its_time(client: Client, mixed: Tenant) -> None:
    sentence = "2 of 5 confirmed since 10:55, 2 from 19 Nov, 15:00 to 08:00, 1 never read."

    for path in ("", "balances/"):
        assert said(client, path) == f"{sentence} 1 not synced, 1 paused."


def test_sentence_of_a_filter_says_that_it_is_of_these(client: Client, mixed: Tenant) -> None:
    assert said(client, "balances/?currency=EUR") == "1 of these 1 confirmed since 10:58."
    assert (
        said(client, "balances/?provider=payman")
        == "0 of these 2 up to date, 2 from 19 Nov, 15:00 to 08:00."
    )
    assert said(client, "balances/?state=never") == "0 of these 1 up to date, 1 never read."


def test_older_readings_of_one_minute_have_one_time(client: Client, acme: Tenant) -> None:
    failing = make_credential(acme, error_code="timeout")
    for seconds in (1, 59):
        read_at = NOW - 2 * HOUR + timedelta(seconds=seconds)
        make_balance(failing, scope=make_scope(failing, read_at=read_at))

    assert said(client, "balances/") == "0 of 2 up to date, 2 from 09:00. 2 not synced."


def test_closed_balances_are_counted_apart_where_they_are_asked_for(
    client: Client, acme: Tenant
) -> None:
    credential = make_credential(acme)
    make_balance(credential)
    make_balance(credential, closed_at=NOW, scope=make_scope(credential, read_at=NOW - 9 * HOUR))

    assert (
        said(client, "balances/?state=fresh&state=closed")
        == "1 of these 2 confirmed since 10:59, 1 closed."
    )


def test_missing_balance_keeps_the_time_at_which_it_was_last_there(
    client: Client, acme: Tenant
) -> None:
    credential = make_credential(acme)
    gone: dict[str, Any] = {"missing_since": NOW - HOUR, "fetched_at": NOW - 2 * HOUR}
    make_balance(credential, **gone)

    assert said(client, "balances/") == "0 of 1 up to date, 1 from 09:00. 1 missing."


def test_times_carry_the_offset_of_the_tenants_zone(client: Client, mixed: Tenant) -> None:
    screen = Screen(client.get("/acme/balances/"))

    assert screen.texts(f"{SENTENCE}//time/@datetime") == [
        "2026-11-20T10:55:00+02:00",
        "2026-11-19T15:00:00+02:00",
        "2026-11-20T08:00:00+02:00",
    ]


def test_tenant_without_balances_is_told_no_time(client: Client, acme: Tenant) -> None:
    assert said(client, "balances/") == ""
