"""One word per state, and one sentence per amount, wherever they stand."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any, cast

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from balances.models import Balance
from balances.states import STATES
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.balances.exports.sheets import facts, table
from tests.screen import Screen, SignIn, classed, stop_clock

HOUR = timedelta(hours=1)
WORDS = {
    "fresh": "Up to date",
    "stale": "Stale",
    "not_synced": "Not synced",
    "held": "Held",
    "missing": "Missing",
    "paused": "Paused",
    "closed": "Closed",
    "never": "Never read",
}
MADE: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "fresh": ({}, {}, {}),
    "stale": ({}, {"read_at": NOW - HOUR}, {}),
    "not_synced": ({}, {"error_code": "timeout"}, {}),
    "held": ({}, {"held_at": NOW}, {}),
    "missing": ({}, {}, {"missing_since": NOW}),
    "paused": ({"paused_at": NOW}, {}, {}),
    "closed": ({}, {}, {"closed_at": NOW}),
    "never": ({}, {"read_at": None}, {}),
}
EVERY_STATE = "&".join(f"state={state}" for state in WORDS)
SAID = {
    "Payman Spendable": "received and verified, not reserved for tasks; "
    "spend limits may hold it below the money held",
    "Payiano Available": "can be withdrawn, transferred or paid out now",
    "Payiano Pending": "still to be collected",
    "Swipelux Amount": "token held in the wallet; may lag a few seconds; pending not reported",
}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def states(acme: Tenant) -> dict[str, Balance]:
    """Give a balance in every state, named after it."""
    found = {}
    for state, (credential, scope, balance) in MADE.items():
        own = make_credential(acme, provider="payiano", name=f"Of {state}", **credential)
        found[state] = make_balance(own, scope=make_scope(own, **scope), name=state, **balance)
    return found


def body(client: Client, address: str) -> bytes:
    response = cast("StreamingHttpResponse", client.get(address))
    assert response.status_code == 200
    return b"".join(cast("Iterator[bytes]", response.streaming_content))


# --- States ---------------------------------------------------------------------------------------
def test_there_is_one_word_per_state() -> None:
    assert {state: str(words.label) for state, words in STATES.items()} == WORDS


def test_page_and_files_say_the_same_word(client: Client, states: dict[str, Balance]) -> None:
    query = f"columns=account_name,fetched_at,state&{EVERY_STATE}"

    page = Screen(client.get(f"/acme/balances/?{query}"))
    text = body(client, f"/acme/balances.csv?{query}").decode("utf-8-sig")
    sheet = body(client, f"/acme/balances.xlsx?{query}")

    assert {row[0]: row[-1] for row in page.rows()} == WORDS
    assert {
        row["account_name"]: row["state"] for row in csv.DictReader(StringIO(text, newline=""))
    } == WORDS
    assert {str(row["Account"]): row["State"] for row in table(sheet)} == WORDS
    assert {name for name, count in facts(sheet) if count == 1} >= set(WORDS.values())


def test_filter_chips_and_the_balance_itself_say_that_word(
    client: Client, states: dict[str, Balance]
) -> None:
    for state, word in WORDS.items():
        page = Screen(client.get(f"/acme/balances/?state={state}"))
        detail = Screen(client.get(f"/acme/balances/{states[state].public_id}/"))

        assert page.texts(f"//li[{classed('chip')}]/span") == [f"State is {word}"]
        assert detail.text("//dt[.='State']/following-sibling::dd") == word


# --- Legend ---------------------------------------------------------------------------------------
def test_every_providers_amounts_are_explained_above_the_heads(
    client: Client, acme: Tenant
) -> None:
    for provider in ("payman", "payiano", "swipelux"):
        make_balance(make_credential(acme, provider=provider))

    page = Screen(client.get("/acme/balances/"))

    legend = page.part(f"//details[{classed('meanings')}]")
    told = zip(legend.texts(".//dt"), legend.texts(".//dd"), strict=True)
    assert dict(told).items() >= SAID.items()
    for provider_word, text in SAID.items():
        column = "pending" if provider_word.endswith("Pending") else "available"
        assert f"{provider_word}: {text}" in page.text(f"//a[@id='sort-{column}']/@title")
    assert not page.has("//a[@id='sort-currency']/@title")


def test_only_providers_in_use_are_explained(client: Client, acme: Tenant) -> None:
    make_balance(make_credential(acme, provider="payman"))

    page = Screen(client.get("/acme/balances/"))

    assert page.texts(f"//details[{classed('meanings')}]//dt") == ["Payman Spendable"]


def test_about_sheet_explains_every_providers_amounts(client: Client, acme: Tenant) -> None:
    for provider in ("payman", "payiano", "swipelux"):
        make_balance(make_credential(acme, provider=provider))

    told = dict(facts(body(client, "/acme/balances.xlsx")))

    assert told.items() >= SAID.items()


@pytest.mark.parametrize("provider", ["payman", "payiano", "swipelux"])
def test_balance_explains_its_providers_amounts(
    client: Client, acme: Tenant, provider: str
) -> None:
    balance = make_balance(make_credential(acme, provider=provider))

    detail = Screen(client.get(f"/acme/balances/{balance.public_id}/"))

    said = detail.texts(f"//*[{classed('legend')}]/span")
    headed = {
        "Payman Spendable": "Available, which Payman calls Spendable:",
        "Swipelux Amount": "Available, which Swipelux calls Amount:",
    }
    for provider_word, text in SAID.items():
        label, _, word = provider_word.partition(" ")
        line = f"{headed.get(provider_word, word)} {text}"
        assert (line in said) == (label.lower() == provider)


# --- Confirmed ------------------------------------------------------------------------------------
def test_confirmed_holds_our_reading_and_beside_it_the_providers_time(
    client: Client, acme: Tenant
) -> None:
    quiet: dict[str, Any] = {"as_of": NOW - timedelta(days=32), "as_of_source": "PROVIDER"}
    swipelux = make_credential(acme, provider="swipelux")
    make_balance(swipelux, scope=make_scope(swipelux, read_at=NOW - HOUR / 6), **quiet)

    page = Screen(client.get("/acme/balances/"))

    assert page.texts("//thead//th")[-1] == "Confirmed"
    assert page.column(8) == ["10:50 unchanged at Swipelux since 19 Oct, 12:00"]


def test_head_of_confirmed_sorts_by_what_it_shows(client: Client, acme: Tenant) -> None:
    swipelux = make_credential(acme, provider="swipelux")
    for name, minutes, days in (("b", 2, 30), ("c", 3, 10), ("a", 1, 20)):
        scope = make_scope(swipelux, read_at=NOW - timedelta(minutes=minutes))
        at: dict[str, Any] = {"as_of": NOW - timedelta(days=days), "as_of_source": "PROVIDER"}
        make_balance(swipelux, scope=scope, name=name, **at)
    page = Screen(client.get("/acme/balances/"))

    by_reading = Screen(client.get(page.href("Confirmed")))
    before = Screen(client.get("/acme/balances/?fetched_at__lt=2026-11-20T10:58:30"))

    assert by_reading.column(0) == ["a", "b", "c"]
    assert by_reading.text("//th[@aria-sort]") == "Confirmed, sorted newest first, key 1 of 1"
    assert sorted(before.column(0)) == ["b", "c"]
    assert before.texts(f"//li[{classed('chip')}]/span") == [
        "Confirmed is before 20 Nov 2026, 10:58:30"
    ]


def test_files_hold_both_times(client: Client, acme: Tenant) -> None:
    at: dict[str, Any] = {"as_of": NOW - timedelta(days=32), "as_of_source": "PROVIDER"}
    make_balance(make_credential(acme, provider="swipelux"), **at)

    (row,) = table(body(client, "/acme/balances.xlsx"))
    text = body(client, "/acme/balances.csv").decode("utf-8-sig")
    (line,) = csv.DictReader(StringIO(text, newline=""))

    assert str(row["As of (Africa/Cairo)"]) == "2026-10-19 12:00:00"
    assert str(row["Confirmed (Africa/Cairo)"]) == "2026-11-20 10:59:00"
    assert line["as_of"] == "2026-10-19T12:00:00+03:00"
    assert line["fetched_at"] == "2026-11-20T10:59:00+02:00"
