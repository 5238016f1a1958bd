"""Claims that whoever says how a credential does says the same: bar, strip and filter."""

from typing import Any

import pytest
from django.test import Client

from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn, classed, stop_clock

PILL = f"//a[{classed('sync-pill')}]"
STATE = f"//*[{classed('strip-top')}]/*[{classed('state')}]/@class"
PAGES = ("/acme/", "/acme/balances/", "/acme/providers/")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    make_credential(acme, name="Good", last_succeeded_at=NOW)
    return make_credential(acme, name="Odd", last_succeeded_at=NOW)


def said(client: Client) -> set[str]:
    """Return what the bar says on every page: of several words, one page would contradict another."""
    return {Screen(client.get(page)).text(f"{PILL}/span[1]") for page in PAGES}


def found(client: Client, group: str) -> bool:
    """Tell whether a filter of the list of providers finds the odd one."""
    screen = Screen(client.get(f"/acme/providers/?health={group}"))
    return screen.has("//main//*[contains(text(), 'Odd')]")


@pytest.mark.parametrize(
    ("scope", "tone"),
    [
        ({"error_code": "timeout"}, "bad"),
        ({"held_at": NOW}, "warn"),
        ({"error_code": "timeout", "closed_at": NOW}, "ok"),
    ],
    ids=["a failed part", "a held part", "a part watched no more"],
)
def test_bar_strip_and_filter_agree_about(
    client: Client, credential: Credential, scope: dict[str, Any], tone: str
) -> None:
    make_scope(credential, **scope)

    states = Screen(client.get("/acme/")).texts(STATE)

    assert states == ["state ok", f"state {tone}"]
    of_all = "Up to date" if tone == "ok" else "1 of 2 live connections up to date"
    assert said(client) == {of_all}
    assert found(client, "failing") == (tone == "bad")
    assert found(client, "up_to_date") == (tone == "ok")


def test_bar_strip_and_filter_agree_that_missing_wallets_were_read_in_time(
    client: Client, credential: Credential
) -> None:
    make_balance(credential, missing_since=NOW, missing_readings=3)

    assert Screen(client.get("/acme/")).texts(STATE) == ["state ok", "state ok"]
    assert said(client) == {"Up to date"}
    assert found(client, "up_to_date")
