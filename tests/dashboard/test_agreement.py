"""One sum of money, one row of digits: on the cards, in the charts, in the totals, on the balance and in files."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Any, cast

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from balances.models import Closing
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_account, make_balance, make_credential
from tests.balances.closings.histories import close_all, grow
from tests.balances.exports.sheets import table
from tests.screen import Screen, SignIn, classed, stop_clock, words

AMOUNT = f".//*[{classed('amt')}]"
Key = tuple[str, str]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def world(acme: Tenant) -> None:
    """Give own money and customers' of three currencies at two providers, with a past of three days."""
    draw = random.Random(20)
    for provider, codes in (("payiano", ("USD", "KWD")), ("payman", ("USD", "JPY"))):
        credential = make_credential(acme, provider=provider)
        for code, exponent in zip(codes, (2, 3) if "KWD" in codes else (2, 0), strict=True):
            for holder in ("OWN", "OWN", "CUSTOMERS"):
                figures = [
                    str(Decimal(draw.randint(-(10**6), 10**12)).scaleb(-exponent)) for _ in range(3)
                ]
                account = make_account(credential, holder=holder)
                grow(credential, figures, currency=code, account=account)
    odd = make_credential(acme, provider="swipelux")
    make_balance(odd, "USDC", "0.123456789", holder="OWN")
    close_all(odd)


def number(shown: str) -> Decimal:
    return Decimal(shown.replace(",", "").replace("−", "-").replace("+", ""))


def first(found: Any) -> str:
    """Return the digits of the first amount below an element."""
    return words(found.xpath(AMOUNT)[0])


def cards(screen: Screen) -> dict[Key, tuple[str, str]]:
    """Return per currency and holder the figure of its card, and how far it moved."""
    shown = {}
    for card in screen.root.xpath(f"//ul[{classed('totals')}]/li[not({classed('totals-note')})]"):
        currency, *_, holder = (words(part) for part in card.xpath("./h3/a | ./h3/span"))
        moved = card.xpath(f".//*[{classed('total-sub')}]/span[1]")[0]
        figure = first(card.xpath(f"./*[{classed('total-fig')}]")[0])
        shown[currency, holder] = (figure, words(moved.xpath(AMOUNT)[0]))
    return shown


def bars(screen: Screen) -> dict[Key, str]:
    shown = {}
    for body in screen.root.xpath(
        "//*[@aria-labelledby='h-currency']//table[starts-with(@class, 'bars')]/tbody"
    ):
        holder = words(body.xpath("./tr[1]/th")[0])
        for row in body.xpath("./tr")[1:]:
            shown[words(row.xpath("./th")[0]), holder] = first(row.xpath("./td[last()]")[0])
    return shown


def totals(screen: Screen) -> dict[Key, str]:
    shown = {}
    for row in screen.root.xpath("//tfoot/tr | //tr[@class='band']"):
        named = words(row.xpath("./th")[0])
        holder = next(holder for holder in ("Own", "Customers'") if holder in named)
        currency = words(row.xpath(f"./td[{classed('cur')}]")[0])
        shown[currency, holder] = first(row.xpath(f"./td[{classed('a-2')}]")[0])
    return shown


def added_up(client: Client, address: str) -> dict[Key, Decimal]:
    """Add up the rows of the file as a person would."""
    response = cast("StreamingHttpResponse", client.get(address))
    text = b"".join(cast("Iterator[bytes]", response.streaming_content)).decode("utf-8-sig")
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for row in csv.DictReader(StringIO(text, newline="")):
        holder = "Own" if row["holder"] == "own" else "Customers'"
        sums[row["currency"], holder] += Decimal(row["available"])
    return dict(sums)


def test_card_bar_totals_and_files_show_the_same_digits(client: Client, world: None) -> None:
    overview = Screen(client.get("/acme/"))
    listed = Screen(client.get("/acme/balances/?per_page=200"))
    grouped = Screen(client.get("/acme/balances/?group_by=currency"))

    of_cards = {key: figure for key, (figure, _) in cards(overview).items()}

    assert len(of_cards) == 7
    assert of_cards == bars(overview) == totals(listed) == totals(grouped)
    sums = {key: number(figure) for key, figure in of_cards.items()}
    assert sums == added_up(client, "/acme/balances.csv")


def test_workbooks_totals_are_those_of_the_page(client: Client, world: None) -> None:
    shown = totals(Screen(client.get("/acme/balances/")))

    response = cast("StreamingHttpResponse", client.get("/acme/balances.xlsx"))
    sheet = table(b"".join(cast("Iterator[bytes]", response.streaming_content)), "Totals")

    labels = {"own": "Own", "customers": "Customers'"}
    exact = {(row["Currency"], labels[row["Holder"]]): row["Available, exact"] for row in sheet}
    assert exact == {key: str(number(figure)) for key, figure in shown.items()}


def test_rows_of_the_page_add_up_to_its_totals(client: Client, world: None) -> None:
    listed = Screen(client.get("/acme/balances/?per_page=200"))

    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for row in listed.rows():
        sums[row[5], row[2]] += number(row[6])

    assert sums == {key: number(figure) for key, figure in totals(listed).items()}


def test_change_is_todays_figure_less_the_close(client: Client, world: None) -> None:
    closed: dict[Key, Decimal] = defaultdict(Decimal)
    for closing in Closing.unscoped.filter(business_date="2026-11-19").select_related("balance"):
        holder = "Own" if closing.holder == "OWN" else "Customers'"
        assert closing.available is not None
        closed[closing.balance.currency, holder] += closing.available

    shown = cards(Screen(client.get("/acme/")))

    for key, then in closed.items():
        figure, moved = shown[key]
        assert number(moved) == number(figure) - then


def test_balances_changes_add_up_to_the_change_of_their_card(client: Client, world: None) -> None:
    listed = Screen(client.get("/acme/balances/?currency=USD&holder=own"))
    moved = cards(Screen(client.get("/acme/")))["USD", "Own"][1]

    changes = []
    for row, address in zip(listed.rows(), listed.texts("//tbody/tr/th/a/@href"), strict=True):
        detail = Screen(client.get(address)).part("//*[@aria-labelledby='h-figures']")
        assert detail.text(f".//*[{classed('big')}]") == f"USD{row[6]}"
        said = ".//div[p[starts-with(., 'Since close of 19 Nov')]]"
        changes.append(number(first(detail.root.xpath(said)[0])))

    assert len(changes) == 4
    assert sum(changes) == number(moved)


def test_history_ends_with_the_figure_of_its_card(client: Client, world: None) -> None:
    shown = cards(Screen(client.get("/acme/")))

    for (currency, holder), (figure, _) in shown.items():
        code = f"{currency}.{'own' if holder == 'Own' else 'customers'}"
        answer = client.get(f"/acme/?history={code}")
        part = Screen(answer).part("//*[@id='dashboard-history']")
        assert first(part.root.xpath(".//output")[0]) == figure
        assert first(part.root.xpath(".//tbody/tr[last()]")[0]) == figure
