"""Claims about the words in the bar of every page."""

from datetime import timedelta

import pytest
from django.test import Client

from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_credential
from tests.screen import Screen, SignIn, classed, stop_clock

PILL = f"//a[{classed('sync-pill')}]"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


def see(client: Client) -> Screen:
    return Screen(client.get("/acme/balances/"))


def test_all_up_to_date_is_said_quietly_with_the_count_behind_it(
    client: Client, acme: Tenant
) -> None:
    for name in ("One", "Two"):
        make_credential(acme, name=name, last_succeeded_at=NOW)

    screen = see(client)

    assert screen.text(f"{PILL}/span[1]") == "Up to date"
    assert screen.text(PILL) == "Up to date, 2 of 2 live connections up to date"
    assert screen.has(f"{PILL}[{classed('ok')}]")


def test_what_is_behind_is_counted_and_named(client: Client, acme: Tenant) -> None:
    make_credential(acme, name="Good", last_succeeded_at=NOW)
    make_credential(acme, name="Failing", last_succeeded_at=NOW, error_code="timeout")
    make_credential(acme, name="Late", last_succeeded_at=NOW - timedelta(days=1))
    make_credential(acme, name="New")

    screen = see(client)

    assert screen.text(f"{PILL}/span[1]") == "1 of 4 live connections up to date"
    assert screen.text(PILL).endswith(
        ", not up to date: Payiano Failing, Payiano Late, Payiano New"
    )
    assert screen.has(f"{PILL}[{classed('bad')}]")


def test_paused_retired_and_sandbox_ones_do_not_count(client: Client, acme: Tenant) -> None:
    make_credential(acme, last_succeeded_at=NOW)
    for values in ({"paused_at": NOW}, {"retired_at": NOW}, {"environment": "SANDBOX"}):
        make_credential(acme, error_code="timeout", **values)

    assert see(client).text(f"{PILL}/span[1]") == "Up to date"


def test_nothing_live_says_nothing(client: Client, acme: Tenant) -> None:
    make_credential(acme, environment="SANDBOX", last_succeeded_at=NOW)

    assert not see(client).has(PILL)


def test_pill_leads_where_its_reader_may_go(
    client: Client, bob: User, sign_in: SignIn, acme: Tenant
) -> None:
    make_credential(acme, last_succeeded_at=NOW)

    assert see(client).text(f"{PILL}/@href") == "/acme/sync-runs/"
    assert see(sign_in(bob)).text(f"{PILL}/@href") == "/acme/"
