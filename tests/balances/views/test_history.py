from datetime import date

import pytest
from django.test import Client

from balances.models import Balance, Closing
from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.balances.closings.histories import close_all, grow
from tests.screen import Screen, SignIn, htmx, stop_clock

HISTORY = "//*[@id='balances-history']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def see(client: Client, balance: Balance, query: str = "", *, status: int = 200) -> Screen:
    return Screen(client.get(f"/acme/balances/{balance.public_id}/{query}"), status=status)


def figures(screen: Screen) -> list[list[str]]:
    rows = screen.root.xpath(f"{HISTORY}//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_balance_without_a_close_says_when_the_first_is_made(
    client: Client, payiano: Credential
) -> None:
    screen = see(client, make_balance(payiano, "USD", "10"))

    assert "No closing yet: the first is made at 00:00." in screen.text(HISTORY)


def test_balance_lists_its_closes_and_what_was_carried_forward(
    client: Client, payiano: Credential
) -> None:
    balance = grow(payiano, ["10", "20", None, "25.5"])
    close_all(payiano)

    screen = see(client, balance)

    assert figures(screen) == [
        ["17 Nov", "10.00", "yes"],
        ["18 Nov", "20.00", "yes"],
        ["19 Nov", "20.00", "carried forward from 19 Nov, 10:00"],
        ["20 Nov, so far, 10:59", "25.50", "yes"],
    ]
    assert "Since close of 19 Nov+5.50" in screen.text("//*[@aria-labelledby='h-figures']")
    assert len(screen.root.xpath(f"{HISTORY}//*[@class='gap']")) == 1


def test_pending_has_a_line_of_its_own_where_it_is_reported(
    client: Client, payiano: Credential
) -> None:
    with_pending = grow(payiano, ["10", "20"], pending="3")
    without = grow(payiano, ["10", "20"])
    close_all(payiano)

    shown, plain = see(client, with_pending), see(client, without)

    assert figures(shown)[-1][1:3] == ["20.00", "3.00"]
    assert shown.texts(f"{HISTORY}//ul[@class='legend']/li") == ["Available", "Pending"]
    assert len(shown.root.xpath(f"{HISTORY}//*[@class='line pend']")) == 1
    assert not plain.has(f"{HISTORY}//*[@class='line pend']")


def test_history_is_of_this_balance_alone(client: Client, payiano: Credential) -> None:
    mine = grow(payiano, ["10", "20"])
    grow(payiano, ["500", "700"])
    close_all(payiano)

    assert [row[1] for row in figures(see(client, mine))] == ["10.00", "20.00"]


def test_range_not_offered_is_refused_in_its_part(client: Client, payiano: Credential) -> None:
    balance = grow(payiano, ["10", "20"])
    close_all(payiano)
    path = f"/acme/balances/{balance.public_id}/?range=8"

    part = Screen(client.get(path, headers=htmx("section#balances-history")), status=422)
    page = see(client, balance, "?range=8", status=422)

    assert "The range “8” is not offered" in part.text(HISTORY)
    assert not part.has("//h1")
    assert "20.00" in page.text("//*[@aria-labelledby='h-figures']")


def test_balance_that_is_not_up_to_date_is_not_drawn_today(
    client: Client, payiano: Credential
) -> None:
    balance = grow(payiano, ["10", "20", "30"])
    close_all(payiano)
    balance.scope.error_code = "timeout"
    balance.scope.save()

    screen = see(client, balance)

    assert figures(screen)[-1] == ["20 Nov, so far, not up to date", "30.00", "no"]
    assert not screen.has(f"{HISTORY}//*[@class='dot']")
    assert Closing.unscoped.filter(business_date=date(2026, 11, 20)).count() == 0
