from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from balances.models import Account, Balance
from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.balances.closings.histories import close_all, grow
from tests.screen import Screen, SignIn, classed, htmx, stop_clock

HISTORY = "//*[@id='dashboard-history']"
CHANGES = "//*[@aria-labelledby='h-changes']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def see(client: Client, query: str = "", *, status: int = 200, **headers: str) -> Screen:
    return Screen(client.get(f"/acme/{query}", headers=headers), status=status)


def cards(screen: Screen) -> list[str]:
    return screen.texts(f"//ul[{classed('totals')}]/li[not({classed('totals-note')})]")


def figures(screen: Screen) -> list[list[str]]:
    rows = screen.root.xpath(f"{HISTORY}//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


# --- Before the first close -----------------------------------------------------------------------
def test_before_the_first_close_the_page_says_so_calmly(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "10")

    screen = see(client)

    assert cards(screen) == ["USD US Dollar Own 10.00 1 balance"]
    assert "No closing yet: the first is made at 00:00." in screen.text(HISTORY)
    assert screen.text(CHANGES) == "Largest change Changes are counted from the first close on."
    assert not screen.has("//*[@class='spark']")


# --- Cards ----------------------------------------------------------------------------------------
def test_card_shows_the_signed_change_since_the_last_close(
    client: Client, payiano: Credential
) -> None:
    grow(payiano, ["100", "120.5", "150"])
    grow(payiano, ["5", "7", "4.25"], currency="EUR")
    grow(payiano, ["5", "7", "7"], currency="KWD")
    close_all(payiano)

    shown = cards(see(client))

    assert shown[0].startswith("EUR Euro Own 4.25 −2.75 since close of 19 Nov")
    assert shown[1].startswith("KWD Kuwaiti Dinar Own 7.000 0.000 since close of 19 Nov")
    assert shown[2].startswith("USD US Dollar Own 150.00 +29.50 since close of 19 Nov")


def test_change_is_judged_by_no_colour(client: Client, payiano: Credential) -> None:
    grow(payiano, ["7", "4"])
    close_all(payiano)

    screen = see(client)

    assert not screen.has(f"//*[{classed('total-sub')}]//*[{classed('neg')}]")


def test_card_without_that_closing_shows_a_dash_and_why(
    client: Client, payiano: Credential
) -> None:
    grow(payiano, ["7", "4"])
    close_all(payiano)
    make_balance(payiano, "EUR", "1")

    screen = see(client)

    assert (
        "1.00 since close of 19 Nov: Not comparable: nothing was known of it at that close."
        in cards(screen)[0]
    )
    assert screen.texts(f"//*[{classed('total-sub')}]/span/@title") == [
        "Not comparable: nothing was known of it at that close."
    ]


def test_card_does_not_compare_with_a_close_that_did_not_know_a_balance(
    client: Client, payiano: Credential
) -> None:
    grow(payiano, ["7", "4"])
    late = make_balance(payiano, "USD", None, scope=make_scope(payiano, read_at=None))
    Account.unscoped.filter(pk=late.account_id).update(created_at=NOW.replace(day=10))
    close_all(payiano)
    Balance.unscoped.filter(pk=late.pk).update(available=Decimal(9))

    assert "Not comparable: 1 of 2 balances had no figure" in cards(see(client))[0]


def test_spark_breaks_where_nothing_was_confirmed_and_ends_now(
    client: Client, payiano: Credential
) -> None:
    grow(payiano, ["1", "2", None, "3", "4"])
    close_all(payiano)

    screen = see(client)

    path, end = screen.texts("//*[@class='spark']/*[name()='path']/@d")
    assert path == "M0.0 21.0L25.0 15.0M75.0 9.0L100.0 3.0"
    assert end == "M100.0 3.0h0"


# --- History --------------------------------------------------------------------------------------
def test_history_lists_every_close_and_today_so_far(client: Client, payiano: Credential) -> None:
    grow(payiano, ["1000000", "1100000", None, "1250000.5"])
    close_all(payiano)

    screen = see(client)

    assert figures(screen) == [
        ["17 Nov", "1,000,000.00", "1 of 1"],
        ["18 Nov", "1,100,000.00", "1 of 1"],
        ["19 Nov", "1,100,000.00", "0 of 1"],
        ["20 Nov, so far, 10:59", "1,250,000.50", "1 of 1"],
    ]
    assert screen.texts(f"{HISTORY}//*[@class='plot-y']/li") == ["1m", "1.1m", "1.2m", "1.3m"]
    assert screen.texts(f"{HISTORY}//*[@class='plot-x']/li") == [
        *("17 Nov", "18 Nov", "19 Nov", "20 Nov"),
    ]
    assert len(screen.root.xpath(f"{HISTORY}//*[@class='gap']")) == 1
    foot = screen.text(f"{HISTORY}/*[@class='sheet-foot']")
    assert (
        "The axis starts at 1m, not at zero. No line where nothing was confirmed in time." in foot
    )


def test_money_confirmed_today_is_drawn_to_today_on_both_pages_whatever_became_of_the_syncs_since(
    client: Client, payiano: Credential
) -> None:
    balance = grow(payiano, ["10", "20", "30"])
    close_all(payiano)
    balance.scope.error_code = "timeout"
    balance.scope.read_at = NOW - timedelta(hours=3)
    balance.scope.save()

    overview = see(client)
    detail = Screen(client.get(f"/acme/balances/{balance.public_id}/"))

    for screen, history in ((overview, HISTORY), (detail, "//*[@id='balances-history']")):
        assert screen.has(f"{history}//*[@class='dot']")
        assert not screen.has(f"{history}//*[@class='gap']")
        when = screen.text(f"{history}//*[@data-readout-date]")
        assert when == "available, today so far, 08:00"
    assert overview.has("//*[@class='spark']/*[@class='end']")
    assert overview.text(f"{HISTORY}//*[{classed('mark')}]") == "1 not synced"
    assert figures(overview)[-1] == ["20 Nov, so far, 08:00", "30.00", "1 not synced"]


def test_money_confirmed_yesterday_is_drawn_to_today_on_neither_page(
    client: Client, payiano: Credential
) -> None:
    balance = grow(payiano, ["10", "20", "30"])
    close_all(payiano)
    balance.scope.error_code = "timeout"
    balance.scope.read_at = NOW - timedelta(hours=12)
    balance.scope.save()

    overview = see(client)
    detail = Screen(client.get(f"/acme/balances/{balance.public_id}/"))

    for screen, history in ((overview, HISTORY), (detail, "//*[@id='balances-history']")):
        assert not screen.has(f"{history}//*[@class='dot']")
        assert screen.has(f"{history}//*[@class='gap']")
    assert not overview.has("//*[@class='spark']/*[@class='end']")


def test_figure_up_to_date_bears_no_mark(client: Client, payiano: Credential) -> None:
    grow(payiano, ["10", "20"])
    close_all(payiano)

    assert not see(client).has(f"{HISTORY}//*[{classed('mark')}]")


def test_today_is_as_old_as_its_oldest_reading(client: Client, payiano: Credential) -> None:
    grow(payiano, ["10", "20"])
    grow(payiano, ["1", "2"])
    close_all(payiano)
    scope = Balance.unscoped.filter(available=Decimal(2)).get().scope
    scope.read_at = NOW - timedelta(hours=13)
    scope.save()

    screen = see(client)

    assert figures(screen)[-1] == [
        "20 Nov, so far, the oldest from 19 Nov, 22:00",
        "22.00",
        "1 of 2",
    ]
    readout = screen.text(f"{HISTORY}//*[@data-readout-date]")
    assert readout == "available, today so far, the oldest from 19 Nov, 22:00"


def test_every_figure_of_a_currency_agrees(client: Client, payiano: Credential) -> None:
    grow(payiano, ["10", "20", "40"])
    grow(payiano, ["1", "2", "3"])
    close_all(payiano)

    screen = see(client)

    assert "43.00 +21.00 since close of 19 Nov" in cards(screen)[0]
    assert [row[1] for row in figures(screen)] == ["11.00", "22.00", "43.00"]
    assert screen.text(f"{HISTORY}//output") == "USD 43.00"
    assert "+20.00" in screen.text(CHANGES)


def test_history_never_mixes_holders(client: Client, payiano: Credential) -> None:
    grow(payiano, ["10", "20"])
    grow(payiano, ["500", "700"], holder="CUSTOMERS")
    close_all(payiano)

    own, theirs = see(client), see(client, "?history=USD.customers&range=7")

    assert [row[1] for row in figures(own)] == ["10.00", "20.00"]
    assert [row[1] for row in figures(theirs)] == ["500.00", "700.00"]
    assert own.texts(f"{HISTORY}//nav[@aria-label='Holder']/a") == ["Own", "Customers'"]


def test_range_bounds_the_days_and_keeps_the_currency(client: Client, payiano: Credential) -> None:
    grow(payiano, [str(n) for n in range(41)], currency="EUR")
    grow(payiano, ["10"] * 41)
    close_all(payiano)

    assert len(figures(see(client, "?history=USD.own&range=7"))) == 8
    assert len(figures(see(client, "?history=USD.own"))) == 31
    quarter = see(client, "?history=EUR.own&range=90")
    assert [row[1] for row in figures(quarter)][-41:] == [f"{n}.00" for n in range(41)]
    links = quarter.texts(f"{HISTORY}//nav[@aria-label='Range']/a/@href")
    assert links[0] == "?history=EUR.own&range=7#dashboard-history"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?history=XYZ.own", "There is no history of “XYZ.own” here."),
        ("?history=USD.customers", "There is no history of “USD.customers” here."),
        ("?history=USD.own&range=8", "The range “8” is not offered"),
        ("?history=%3Cscript%3E", "There is no history of “<script>” here."),
    ],
)
def test_unknown_history_is_refused_in_its_part_and_the_page_stays(
    client: Client, payiano: Credential, query: str, words: str
) -> None:
    grow(payiano, ["10", "20"])
    close_all(payiano)

    page = see(client, query, status=422)
    headers = htmx("section#dashboard-history")
    part = Screen(client.get(f"/acme/{query}", headers=headers), status=422)

    assert words in page.text(HISTORY)
    assert words in part.text(HISTORY)
    assert "20.00" in cards(page)[0]
    assert not part.has("//nav[@aria-label='Main']")


def test_history_is_a_part_of_its_own(client: Client, payiano: Credential) -> None:
    grow(payiano, ["10", "20"])
    close_all(payiano)

    part = Screen(client.get("/acme/?range=7", headers=htmx("section#dashboard-history")))

    assert figures(part)[-1][1] == "20.00"
    assert not part.has("//*[@id='h-totals']")


def test_closed_days_of_another_tenant_stay_there(
    client: Client, payiano: Credential, globex: Tenant
) -> None:
    other = make_credential(globex)
    grow(other, ["1", "2"])
    close_all(other)
    make_balance(payiano, "USD", "10")

    assert "No closing yet" in see(client).text(HISTORY)


# --- Changes --------------------------------------------------------------------------------------
def test_largest_change_per_currency_and_holder_leads_to_its_balance(
    client: Client, payiano: Credential
) -> None:
    grow(payiano, ["100", "90"], name="Small")
    most = grow(payiano, ["100", "50"], name="Large")
    grow(payiano, ["1", "999"], holder="CUSTOMERS", name="Theirs")
    grow(payiano, ["5", "5"], currency="EUR", name="Still")
    grow(payiano, ["5", "6"], currency="KWD", counting="TEST", name="Play")
    close_all(payiano)

    screen = see(client)

    assert screen.texts(f"{CHANGES}//li") == [
        "USDLarge−50.00Payiano, Own",
        "USDTheirs+998.00Payiano, Customers'",
    ]
    assert screen.texts(f"{CHANGES}//li/a/@href")[0] == f"/acme/balances/{most.public_id}/"


def test_balance_that_changed_hands_since_is_no_movement(
    client: Client, payiano: Credential
) -> None:
    moved = grow(payiano, ["100", "50"])
    grow(payiano, ["100", "99"], name="Still ours")
    close_all(payiano)
    Balance.unscoped.filter(pk=moved.pk).update(holder="CUSTOMERS")

    assert see(client).texts(f"{CHANGES}//li") == ["USDStill ours−1.00Payiano, Own"]


def test_no_change_is_said(client: Client, payiano: Credential) -> None:
    grow(payiano, ["5", "5"])
    close_all(payiano)

    assert "No balance has changed since close of 19 Nov." in see(client).text(CHANGES)
