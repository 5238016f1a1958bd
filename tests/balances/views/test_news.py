from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.test import Client

from balances.models import Balance
from providers.models import Credential, Scope
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.screen import Screen, SignIn, htmx, stop_clock

LIST = "/acme/balances/"
PART = "//*[@id='balances-news']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(analyst: User, sign_in: SignIn) -> Client:
    return sign_in(analyst)


@pytest.fixture
def balance(acme: Tenant) -> Balance:
    credential = make_credential(acme, provider="payiano")
    for number in range(3):
        make_balance(credential, "USD", Decimal(number + 1), name=f"Other {number}")
    return make_balance(credential, "USD", "100", name="Main")


class Reader:
    """A page that was opened, and asks whether anything has changed since."""

    def __init__(self, client: Client, query: str = "") -> None:
        self.client, self.address = client, f"{LIST}?{query}"
        self.sends = self._headers(Screen(client.get(self.address)))

    def _headers(self, screen: Screen) -> dict[str, str]:
        marks = screen.text(f"{PART}/@hx-headers")
        seen, told = (part.split('"')[-2] for part in marks.split(","))
        return {"X-Seen": seen, "X-Told": told}

    def ask(self) -> HttpResponse:
        headers = htmx("div#balances-news", **{"HX-Source": "div#balances-news", **self.sends})
        answer: HttpResponse = self.client.get(self.address, headers=headers)  # type: ignore[assignment]  # the test client's own
        return answer

    def told(self) -> Screen:
        screen = Screen(self.ask())
        self.sends = self._headers(screen)
        return screen


def grow(balance: Balance) -> None:
    Balance.unscoped.filter(pk=balance.pk).update(available=Decimal(7))


def confirm(credential: Credential) -> None:
    Scope.unscoped.filter(credential=credential).update(read_at=NOW - timedelta(seconds=1))


def test_nothing_new_is_no_answer(client: Client, balance: Balance) -> None:
    answer = Reader(client).ask()

    assert (answer.status_code, answer.content) == (204, b"")


def test_new_figures_are_told_once_and_the_rows_are_not_sent(
    client: Client, balance: Balance
) -> None:
    reader = Reader(client, "per_page=2&page=2")
    grow(balance)

    said = reader.told()

    assert said.text(PART).startswith("New figures at 11:00. You are reading page 2, so the list")
    assert said.href("Show them") == f"{LIST}?page=2&per_page=2"
    assert said.has(f"{PART}/@data-waits")
    assert not said.has("//tr")
    assert reader.ask().status_code == 204


def test_figures_that_change_again_are_told_again(client: Client, balance: Balance) -> None:
    reader = Reader(client, "per_page=2&page=2")
    grow(balance)
    reader.told()
    Balance.unscoped.filter(pk=balance.pk).update(available=Decimal(8))

    assert reader.told().has("//a[@id='show-news']")


def test_on_the_first_page_they_do_not_wait_unless_the_browser_says_so(
    client: Client, balance: Balance
) -> None:
    reader = Reader(client)
    grow(balance)

    said = reader.told()

    assert not said.has(f"{PART}/@data-waits")
    assert said.text(f"{PART}/@data-news") == LIST
    assert "You are in the list" in said.text(PART)


def test_figures_read_again_and_unchanged_are_no_news_on_a_further_page(
    client: Client, balance: Balance
) -> None:
    first, second = Reader(client), Reader(client, "per_page=2&page=2")
    confirm(balance.scope.credential)

    again = first.told()

    assert second.ask().status_code == 204
    assert not again.has("//a[@id='show-news']")
    assert again.has(f"{PART}/@data-news")


def test_a_change_outside_the_page_is_news_when_it_changes_a_total(
    client: Client, balance: Balance
) -> None:
    reader = Reader(client, "per_page=2&page=2&sort=-available")
    Balance.unscoped.filter(account__name="Other 0").update(available=Decimal("1.5"))

    assert reader.told().has("//a[@id='show-news']")


def test_it_speaks_only_of_states_that_changed(client: Client, balance: Balance) -> None:
    silent, spoken = Reader(client), Reader(client)
    grow(balance)
    assert not silent.told().has(f"{PART}/@data-say")

    Scope.unscoped.filter(pk=balance.scope_id).update(error_code="timeout")

    said = spoken.told().text(f"{PART}/@data-say")
    assert said.startswith("States have changed: ")
    assert "not synced" in said


@pytest.mark.parametrize("seen", ["", "x", "<script>", "0.0.0", "f" * 3000])
def test_marks_that_are_none_of_ours_are_only_different(
    client: Client, balance: Balance, seen: str
) -> None:
    reader = Reader(client)
    reader.sends = {"X-Seen": seen, "X-Told": seen}

    screen = reader.told()

    assert screen.has("//a[@id='show-news']")
    assert b"<script>" not in screen.response.content


def test_rows_read_anew_by_themselves_say_nothing_and_leave_the_controls(
    client: Client, balance: Balance
) -> None:
    headers = htmx("div#balances-table", **{"HX-Source": "div#balances-table"})

    screen = Screen(client.get(LIST, headers=headers))

    assert len(screen.rows()) == 4
    assert screen.texts("//*[@hx-swap-oob]/@id") == ["freshness"]
    assert screen.response["HX-Push-Url"] == "false"


def test_the_same_address_is_not_pushed_twice(client: Client, balance: Balance) -> None:
    here = {"HX-Current-URL": f"http://testserver{LIST}?sort=account"}

    same = client.get(f"{LIST}?sort=account", headers=htmx("div#balances-table", **here))
    other = client.get(LIST, headers=htmx("div#balances-table", **here))

    assert (same["HX-Push-Url"], other["HX-Push-Url"]) == ("false", LIST)


def test_a_question_not_understood_is_no_news(client: Client, balance: Balance) -> None:
    headers = htmx("div#balances-news", **{"HX-Source": "div#balances-news"})

    answer = client.get(f"{LIST}?credential={'f' * 32}", headers=headers)

    assert answer.status_code == 204
