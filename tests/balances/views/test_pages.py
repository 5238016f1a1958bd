from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from balances.views.filters import TABS
from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_account, make_balance, make_credential, make_scope
from tests.screen import Headers, Screen, SignIn, classed, htmx, stop_clock, words

LIST = "/acme/balances/"
CHOSEN = "//input[@checked and not(@name='columns')]"
HOSTILE = ('=HYPERLINK("http://evil.example","x")', "<script>alert(1)</script>", "‮txt.exe")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(analyst: User, sign_in: SignIn) -> Client:
    return sign_in(analyst)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def see(
    client: Client, query: str = "", *, status: int = 200, headers: Headers | None = None
) -> Screen:
    return Screen(client.get(f"{LIST}?{query}", headers=headers), status=status)


def named(credential: Credential, *names: str, currency: str = "USD") -> None:
    for name in names:
        make_balance(credential, currency, "1", name=name)


# --- Rows -----------------------------------------------------------------------------------------
def test_row_says_whose_money_where_in_what_and_how_old(
    client: Client, payiano: Credential
) -> None:
    account = make_account(payiano, external_ref="01hqh45s7826hfwdze8dp1z21f", name="Collections")
    make_balance(payiano, "USD", "1284406.18", account=account, pending="12480")

    (row,) = see(client).rows()

    assert row == [
        *("Collections", "Payiano", "Own", "01hqh4…z21f", "", "USD"),
        *("1,284,406.18", "12,480.00", "10:59"),
    ]


def test_unreported_is_no_zero(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "0", pending=None)

    (row,) = see(client).rows()

    assert row[6:8] == ["0.00", "not reported"]


def test_digits_beyond_the_currencys_are_shown(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "-1234567890.123456789")

    shown = see(client).part(f"//tbody//span[{classed('neg')}]")

    assert shown.text() == "−1,234,567,890.123456789"
    assert shown.text(f".//*[{classed('beyond')}]") == "3456789"


def test_row_of_test_money_is_tagged(client: Client, payiano: Credential) -> None:
    make_balance(payiano, counting="TEST", name="Play")

    assert see(client).column(0) == ["Play Test"]


def test_nothing_connected_says_so(client: Client, acme: Tenant) -> None:
    screen = see(client)

    assert "No balances yet" in screen.text("//*[@id='balances-table']")
    assert not screen.has("//table")


def test_names_of_the_provider_stay_text(client: Client, payiano: Credential) -> None:
    for name in HOSTILE:
        make_balance(payiano, name=name, owner_name=name, network=name, address=name)

    screen = see(client, "columns=account_name,owner_name,network,address")

    assert sorted(screen.column(0)) == sorted(HOSTILE)
    assert not screen.has("//*[@id='balances-table']//script")
    assert b"<script>alert" not in screen.response.content


def test_hostile_search_stays_text(client: Client, payiano: Credential) -> None:
    make_balance(payiano)

    screen = see(client, urlencode({"q": '"><script>alert(1)</script>'}))

    assert b"<script>alert" not in screen.response.content
    assert screen.text("//*[@id='q']/@value") == '"><script>alert(1)</script>'


# --- Filters, search, sort ------------------------------------------------------------------------
def test_filters_of_two_names_join_by_and_of_one_name_by_or(
    client: Client, payiano: Credential, acme: Tenant
) -> None:
    payman = make_credential(acme, provider="payman")
    for currency in ("USD", "EUR", "EGP"):
        make_balance(payiano, currency, "1")
        make_balance(payman, currency, "2")

    screen = see(client, "currency=USD&currency=EUR&provider=payman")

    assert [(row[1], row[5]) for row in screen.rows()] == [("Payman", "EUR"), ("Payman", "USD")]
    assert screen.text(f"//*[{classed('count')}]") == "2 of 6 balances, see totals"


def test_search_needs_every_word(client: Client, payiano: Credential) -> None:
    named(payiano, "Alder Supply", "Alder Foods", "Bright Foods")

    assert see(client, "q=foods+ALDER").column(0) == ["Alder Foods"]


def test_head_sorts_turns_and_drops(client: Client, payiano: Credential) -> None:
    named(payiano, "b", "c", "a")

    once = see(client).part("//*[@id='sort-account']").text("@href")
    twice = Screen(client.get(once)).text("//*[@id='sort-account']/@href")
    thrice = Screen(client.get(twice)).text("//*[@id='sort-account']/@href")

    assert Screen(client.get(once)).column(0) == ["a", "b", "c"]
    assert Screen(client.get(twice)).column(0) == ["c", "b", "a"]
    assert thrice == LIST


def test_amount_sorts_inside_its_currency(client: Client, payiano: Credential) -> None:
    for currency, amount in (("USD", "5"), ("EUR", "1"), ("USD", "9"), ("EUR", "7")):
        make_balance(payiano, currency, amount)

    screen = see(client, "sort=available")

    assert [(row[5], row[6]) for row in screen.rows()] == [
        *(("EUR", "1.00"), ("EUR", "7.00")),
        *(("USD", "5.00"), ("USD", "9.00")),
    ]
    assert screen.texts("//th[@aria-sort]/a/@id") == ["sort-currency"]


def test_second_key_is_said_and_offered(client: Client, payiano: Credential) -> None:
    named(payiano, "a")

    screen = see(client, "sort=provider")
    added = screen.text("//*[@id='sort-account']/@data-add-sort")
    both = Screen(client.get(added))

    assert added == f"{LIST}?sort=provider,account"
    assert both.text("//*[@id='sort-account']") == "Account, sorted A to Z, key 2 of 2"
    assert both.texts("//th/@aria-sort") == ["ascending"]
    assert both.href("Do not sort by Account") == f"{LIST}?sort=provider"
    assert both.href("Account: A to Z, change to Z to A") == f"{LIST}?sort=provider,-account"


def test_pills_offer_what_the_tenant_has_and_say_what_is_chosen(
    client: Client, payiano: Credential, acme: Tenant
) -> None:
    payman = make_credential(acme, provider="payman")
    make_balance(payiano, "USD", "1")
    make_balance(payman, "USD", "1", holder="CUSTOMERS")
    make_balance(payman, "EUR", "1")

    screen = see(client, "currency=USD")
    pill = "//details[contains(@class, 'menu') and .//input[@name='{}']]"

    assert screen.text(f"{pill.format('currency')}/summary") == "Currency: USD"
    assert screen.texts(f"{pill.format('currency')}//label") == ["EUR1", "USD2"]
    assert screen.texts(f"{CHOSEN}/@value") == ["USD"]
    assert screen.text(f"{pill.format('currency')}//a/@href") == LIST
    assert screen.texts(f"{pill.format('provider')}//label") == ["Payiano1", "Payman2"]
    assert screen.texts(f"{pill.format('holder')}//label") == ["Own2", "Customers'1"]
    assert screen.texts(f"{pill.format('state')}//label") == ["Up to date3"]


def test_chips_say_each_part_and_drop_it(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "100")

    screen = see(client, "currency=USD&available__gte=50&q=pay&sort=account&per_page=50")

    assert screen.texts(f"//li[{classed('chip')}]/span") == [
        *("Search for “pay”", "Currency is USD", "Available is at least 50"),
    ]
    rest = "q=pay&currency=USD&sort=account&per_page=50"
    assert screen.href("Remove filter: Available is at least 50") == f"{LIST}?{rest}"
    assert screen.href("Clear all") == f"{LIST}?sort=account&per_page=50"


def test_filter_that_finds_nothing_says_how_much_it_hides(
    client: Client, payiano: Credential
) -> None:
    named(payiano, "a", "b")

    screen = see(client, "currency=KWD&sort=account")

    assert "2 balances are hidden by: Currency is KWD." in screen.text("//*[@id='balances-table']")
    assert screen.href("Clear all filters") == f"{LIST}?sort=account"


def test_parts_without_a_control_are_kept_by_the_form(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "100")

    screen = see(client, "available__gte=50&sort=account&currency=USD&per_page=50&page=1")
    hidden = screen.root.xpath("//*[@id='view-state']//input")

    assert [(field.get("name"), field.get("value")) for field in hidden] == [
        *(("available__gte", "50"), ("sort", "account"), ("per_page", "50")),
    ]


@pytest.mark.parametrize("label", [str(label) for label, _ in TABS])
def test_each_ready_view_is_marked_where_it_leads(
    client: Client, payiano: Credential, label: str
) -> None:
    make_balance(payiano)

    led = Screen(client.get(see(client).href(label)))

    assert led.texts("//nav[@id='balances-tabs']/a[@aria-current='page']") == [label]


def test_no_ready_view_is_marked_on_an_address_not_understood(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)
    current = "//nav[@id='balances-tabs']/a[@aria-current='page']"

    assert see(client, "colour=red", status=422).texts(current) == []
    assert see(client, "holder=own&colour=red", status=422).texts(current) == []


def test_ready_views_lead_to_their_filter(client: Client, payiano: Credential) -> None:
    make_balance(payiano, holder="CUSTOMERS", name="Theirs")
    make_balance(payiano, name="Ours")

    own = Screen(client.get(see(client).href("Own")))

    assert own.column(0) == ["Ours"]
    assert own.texts("//nav[@id='balances-tabs']/a[@aria-current='page']") == ["Own"]


# --- Totals ---------------------------------------------------------------------------------------
def test_totals_are_per_currency_holder_and_counting(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "10", pending="1")
    make_balance(payiano, "USD", "20")
    make_balance(payiano, "USD", "40", holder="CUSTOMERS")
    make_balance(payiano, "USD", "80", counting="TEST")
    make_balance(payiano, "EUR", "160")

    assert see(client).totals() == [
        "Total, Own EUR 1 balance EUR 160.00 not reported",
        "Total, Own USD 2 balances USD 30.00 1.00 from 1 of 2",
        "Total, Own USD Test 1 balance USD 80.00 not reported",
        "Total, Customers' USD 1 balance USD 40.00 not reported",
    ]


def test_totals_are_of_the_filter_not_of_the_page(client: Client, payiano: Credential) -> None:
    for number in range(30):
        make_balance(payiano, "USD", Decimal(number))

    screen = see(client, "per_page=2&available__gte=10")

    assert len(screen.rows()) == 2
    assert screen.totals() == ["Total, Own USD 20 balances USD 390.00 not reported"]


def test_negatives_never_net_unseen(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "EGP", "100000")
    make_balance(payiano, "EGP", "-42118.60")

    assert see(client).totals() == [
        "Total, Own EGP 2 balances EGP 57,881.40 of which −42,118.60 in 1 not reported"
    ]


def test_total_counts_each_state_that_is_not_up_to_date_the_worst_first(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "1")
    late = make_scope(payiano, read_at=NOW - timedelta(hours=2))
    make_balance(payiano, "USD", "1", scope=late)
    for _ in range(2):
        make_balance(payiano, "USD", "1", scope=make_scope(payiano, error_code="timeout"))

    screen = see(client)
    marks = screen.root.xpath(f"//tfoot//*[{classed('mark')}]")
    (band,) = see(client, "group_by=currency").texts(f"//tr[{classed('band')}]")

    assert screen.totals() == [
        "Total, Own USD 4 balances USD 4.00 not reported 2 not synced 1 stale"
    ]
    assert [mark.get("class") for mark in marks] == ["mark bad", "mark warn"]
    assert band.endswith("2 not synced 1 stale")


def test_total_of_closed_balances_says_that_they_are(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "1", closed_at=NOW)

    assert see(client, "state=closed").totals()[0].endswith("1 closed")


def test_huge_figures_are_added_exactly(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "99999999999999999999.000000000000000001")
    make_balance(payiano, "USD", "0.000000000000000009")

    assert see(client).text("//tfoot//td[6]") == "99,999,999,999,999,999,999.00000000000000001"


@pytest.mark.parametrize(
    ("amount", "is_framed"), [("9" * 15, False), ("9" * 16, True), ("0", False)]
)
def test_figure_too_long_for_the_page_puts_the_table_into_a_frame(
    client: Client, payiano: Credential, amount: str, *, is_framed: bool
) -> None:
    make_balance(payiano, "USD", amount)

    assert see(client).has(f"//*[{classed('table-wrap')} and {classed('many')}]") == is_framed


# --- Pages ----------------------------------------------------------------------------------------
def test_pages_follow_each_other_without_gap(client: Client, payiano: Credential) -> None:
    named(payiano, *(f"{number:02}" for number in range(7)))

    screens = [see(client, f"per_page=3&sort=account&page={page}") for page in (1, 2, 3)]

    assert [name for screen in screens for name in screen.column(0)] == [
        f"{number:02}" for number in range(7)
    ]
    assert screens[1].text(f"//nav[{classed('pager')}]/span[1]") == (
        "4 to 6 of 7. Totals cover all 7."
    )
    assert screens[1].href("Previous page") == f"{LIST}?sort=account&per_page=3"
    assert screens[2].texts(f"//nav[{classed('pager')}]//a[@aria-current='page']") == ["Page 3"]


def test_past_the_end_leads_to_the_last_page(client: Client, payiano: Credential) -> None:
    named(payiano, "a", "b", "c")

    screen = see(client, "per_page=2&page=9")

    assert screen.rows() == []
    assert "There is no page 9" in screen.text("//*[@id='balances-table']")
    assert screen.href("Last page") == f"{LIST}?page=2&per_page=2"


def test_another_page_size_begins_at_page_one(client: Client, payiano: Credential) -> None:
    named(payiano, "a", "b", "c")

    screen = see(client, "per_page=2&page=2&sort=account")

    assert screen.href("50") == f"{LIST}?sort=account&per_page=50"
    assert screen.href("25") == f"{LIST}?sort=account"


# --- Closed rows ----------------------------------------------------------------------------------
def test_closed_rows_appear_only_when_the_query_names_state(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, name="Open")
    make_balance(payiano, name="Gone", closed_at=NOW, closed_from=NOW.date())

    assert see(client).column(0) == ["Open"]
    assert "Closed balances are left out" in see(client).text("//caption")
    assert see(client).text(f"//*[{classed('count')}]").startswith("1 of 1 balance")
    closed = see(client, "state=closed")
    assert closed.column(0) == ["Gone"]
    assert "left out" not in closed.text("//caption")
    assert closed.text(f"//*[{classed('count')}]").startswith("1 of 2 balances")


# --- Groups and columns ---------------------------------------------------------------------------
def test_group_heads_hold_the_totals_of_the_whole_group(
    client: Client, payiano: Credential
) -> None:
    for number in range(4):
        make_balance(payiano, "USD", Decimal(number))
    make_balance(payiano, "USD", "-50", holder="CUSTOMERS")
    make_balance(payiano, "EUR", "7", pending="3")

    screen = see(client, "group_by=currency&per_page=2")
    cells = screen.root.xpath(f"//tr[{classed('band')}]")

    assert [[words(cell) for cell in row if words(cell)] for row in cells] == [
        ["EUR Euro Own", "1 balance", "EUR", "7.00", "3.00"],
        ["USD US Dollar Own", "4 balances", "USD", "6.00", "not reported"],
        [
            *("USD US Dollar Customers'", "1 balance", "USD"),
            *("−50.00 of which −50.00 in 1", "not reported"),
        ],
    ]
    assert not screen.has("//tfoot")
    assert screen.has("//tbody[@id='totals']")


def test_totals_whose_group_is_on_another_page_stand_after_the_last_row(
    client: Client, payiano: Credential
) -> None:
    for code in ("EUR", "USD", "USDC"):
        make_balance(payiano, code, "1")

    screen = see(client, "group_by=currency&per_page=2")

    assert len(screen.texts(f"//tr[{classed('band')}]")) == 2
    assert ["USDC" in total for total in screen.totals()] == [True]
    assert screen.has("//tfoot[@id='totals']")


def test_provider_head_lists_its_currencies(client: Client, acme: Tenant) -> None:
    for provider in ("payman", "payiano"):
        credential = make_credential(acme, provider=provider)
        make_balance(credential, "USD", "1", holder="OWN")
        make_balance(credential, "EUR", "2", holder="OWN")

    heads = see(client, "group_by=provider").texts(f"//tr[{classed('band')}]")

    assert heads == [
        f"{name} 1 balance, Own: EUR 2.00 1 balance, Own: USD 1.00"
        for name in ("Payiano", "Payman")
    ]


def test_two_accounts_of_one_name_are_two_groups(client: Client, payiano: Credential) -> None:
    for _ in range(2):
        account = make_account(payiano, name="Main")
        make_balance(payiano, "USD", "1", account=account)
        make_balance(payiano, "EUR", "1", account=account)

    screen = see(client, "group_by=account")

    assert len(screen.texts(f"//tr[{classed('band')}]")) == 2
    assert screen.column(5) == ["EUR", "USD", "EUR", "USD"]


def test_columns_asked_for_are_shown_in_their_order_with_those_never_hidden(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "1", ledger="3", name="Main")

    screen = see(client, "columns=ledger,state,fetched_at")

    assert screen.texts("//thead//th") == [
        *("Account", "Currency, sorted A to Z, key 1 of 2"),
        *("Available, sorted largest first, key 2 of 2", "Ledger", "State", "Confirmed"),
    ]
    assert screen.rows() == [["Main", "USD", "1.00", "3.00", "Up to date", "10:59"]]
    assert screen.totals() == ["Total, Own USD 1 balance USD 1.00 3.00"]


def test_codes_are_words_in_every_column(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "1", verified=False)

    query = "columns=credential,account_kind,as_of_source,verified,holder"
    row = see(client, query).rows()[0]

    assert row[-1] == "Own"
    assert row[-5:-1] == ["Collections", "Merchant", "Date of the provider's answer", "No"]


# --- States ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("scope", "balance", "credential", "label", "mark"),
    [
        ({"read_at": NOW - timedelta(hours=2)}, {}, {}, "Stale", "Stale since 09:00"),
        ({"error_code": "timeout"}, {}, {}, "Not synced", "Not synced since 10:59"),
        ({}, {}, {"error_code": "credential_rejected"}, "Not synced", "Not synced since 10:59"),
        ({"held_at": NOW}, {}, {}, "Held", "Held, last good figure of 10:59"),
        (
            {},
            {"missing_since": NOW},
            {},
            "Missing",
            "Missing since 11:00 last good figure of 10:59",
        ),
        ({}, {}, {"paused_at": NOW}, "Paused", "Paused, last good figure of 10:59"),
        ({}, {"closed_at": NOW}, {}, "Closed", "Closed, last figure of 10:59"),
        ({"read_at": None}, {"available": None}, {}, "Never read", "Never read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_state_has_its_word_and_mark(
    client: Client,
    acme: Tenant,
    scope: dict[str, Any],
    balance: dict[str, Any],
    credential: dict[str, Any],
    label: str,
    mark: str,
) -> None:
    failing = make_credential(acme, **credential)
    make_balance(failing, scope=make_scope(failing, **scope), **balance)
    state = label.lower().replace(" read", "").replace(" ", "_")

    screen = see(client, f"state={state}&columns=state,fetched_at")

    ((_, _, _, word, said),) = screen.rows()
    assert (word, said) == (label, mark)
    assert screen.texts(f"//li[{classed('chip')}]/span") == [f"State is {label}"]


def test_fresh_row_has_no_mark(client: Client, payiano: Credential) -> None:
    month_old = datetime(2026, 10, 19, 7, 30, tzinfo=UTC)
    make_balance(payiano, as_of=month_old, as_of_source="PROVIDER")

    screen = see(client)

    assert screen.column(8) == ["10:59 unchanged at Payiano since 19 Oct, 10:30"]
    assert not screen.has(f"//tbody//*[{classed('mark')}]")
    assert screen.text("//*[@id='freshness']").startswith("1 of 1 confirmed since 10:59.")


def test_heading_counts_troubles_and_leads_to_them(client: Client, payiano: Credential) -> None:
    make_balance(payiano)
    make_balance(payiano, scope=make_scope(payiano, error_code="timeout"))
    make_balance(payiano, scope=make_scope(payiano, held_at=NOW))

    screen = see(client)

    assert screen.text("//*[@id='freshness']") == (
        "1 of 3 confirmed since 10:59, 2 from 10:59. 1 not synced, 1 held."
    )
    assert screen.href("1 held") == f"{LIST}?state=held"


def test_heading_of_a_filter_speaks_of_its_rows_alone(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "EUR")
    make_balance(payiano, "USD", scope=make_scope(payiano, error_code="timeout"))

    screen = see(client, "currency=EUR")

    assert screen.text("//*[@id='freshness']") == "1 of these 1 confirmed since 10:59."


# --- What is not understood -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("colour=red", "colour"),
        ("available__like=5", "available__like"),
        ("available__gte=five", "available__gte"),
        ("state=lost", "state"),
        ("provider=nobody", "provider"),
        ("sort=colour", "sort"),
        ("columns=colour", "columns"),
        ("group_by=owner", "group_by"),
        ("page=0", "page"),
        ("page=99999999999999999999", "page"),
        ("per_page=201", "per_page"),
        ("q=" + "x" * 65, "q"),
        ("as_of__gte=yesterday", "as_of__gte"),
        ("credential=" + "f" * 32, "credential"),
        ("q=a%00b", "q"),
    ],
)
def test_query_not_understood_shows_no_rows_and_names_the_fault(
    client: Client, payiano: Credential, query: str, path: str
) -> None:
    make_balance(payiano, "USD", "100")

    screen = see(client, f"{query}&currency=USD", status=422)

    assert screen.rows() == []
    assert screen.totals() == []
    (said,) = screen.texts(f"//div[{classed('summary-errors')}]//li")
    assert said.startswith(f"{path}: ")
    assert screen.texts(f"{CHOSEN}/@value") == ["USD"]
    assert screen.href("Open the view without it") == f"{LIST}?currency=USD"


def test_fault_of_the_search_stands_at_its_field_and_keeps_what_was_typed(
    client: Client, payiano: Credential
) -> None:
    screen = see(client, "q=a+b+c+d+e+f", status=422)

    field = screen.part("//*[@id='q']")
    assert field.text("@value") == "a b c d e f"
    assert field.text("@aria-invalid") == "true"
    assert "more than 5 words" in screen.text("//*[@id='q-fault']")


def test_fault_typed_into_the_search_reaches_its_box_by_htmx_and_leaves_it_again(
    client: Client, payiano: Credential
) -> None:
    headers = htmx("div#balances-table", **{"HX-Source": "form#view"})

    typed = see(client, "q=a+b+c+d+e+f", status=422, headers=headers).part("//*[@id='q-fault']")
    mended = see(client, "q=a", headers=headers).part("//*[@id='q-fault']")

    assert typed.text("@hx-swap-oob") == "true"
    assert "more than 5 words" in typed.text()
    assert (mended.has("@hidden"), mended.text()) == (True, "")


def test_all_faults_are_named_at_once(client: Client, payiano: Credential) -> None:
    screen = see(client, "colour=red&page=0", status=422)

    said = screen.texts(f"//div[{classed('summary-errors')}]//li")
    assert [line.partition(":")[0] for line in said] == ["colour", "page"]


def test_fault_offers_no_file(client: Client, payiano: Credential) -> None:
    assert not see(client, "colour=red", status=422).has("//a[@download]")


# --- htmx -----------------------------------------------------------------------------------------
def test_htmx_gets_the_table_and_the_parts_that_follow_it(
    client: Client, payiano: Credential
) -> None:
    named(payiano, "a", "b")

    screen = see(client, "sort=account&currency=USD&page=1", headers=htmx("div#balances-table"))

    assert screen.column(0) == ["a", "b"]
    assert not screen.has("//title")
    assert screen.texts("//*[@hx-swap-oob]/@id") == [
        *("freshness", "balances-tabs", "view-state", "balances-tools", "q", "q-fault"),
        *("balances-export", "status"),
    ]
    assert screen.text("//*[@id='status']").startswith("2 balances. Balances where Currency is USD")
    assert screen.text("//*[@id='freshness']").startswith("2 of these 2 confirmed since 10:59.")
    assert screen.response["HX-Push-Url"] == f"{LIST}?currency=USD&sort=account"
    assert {"HX-Request", "HX-Target", "HX-Request-Type"} <= set(
        screen.response["Vary"].replace(" ", "").split(",")
    )
    assert screen.response["Cache-Control"] == "no-store"


def test_search_being_typed_in_is_left_alone(client: Client, payiano: Credential) -> None:
    headers = htmx("div#balances-table", **{"HX-Source": "form#view"})

    screen = see(client, "q=al", headers=headers)

    assert "q" not in screen.texts("//*[@hx-swap-oob]/@id")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HX-Request": "true", "HX-Request-Type": "full", "HX-Target": "body"},
        {"HX-History-Restore-Request": "true"},
        {
            **htmx("div#balances-table"),
            "HX-History-Restore-Request": "true",
        },
    ],
    ids=["plain", "full", "history alone", "history"],
)
def test_whole_page_where_it_is_wanted(
    client: Client, payiano: Credential, headers: dict[str, str]
) -> None:
    screen = see(client, headers=headers)

    assert screen.has("//title")
    assert not screen.has("//*[@hx-swap-oob]")
    assert "HX-Push-Url" not in screen.response


def test_fault_in_htmx_replaces_the_rows_and_leaves_the_address(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)

    screen = see(client, "colour=red", status=422, headers=htmx("div#balances-table"))

    assert screen.has("//*[@id='balances-table']//*[@role='alert']")
    assert screen.rows() == []
    assert "HX-Push-Url" not in screen.response
    assert screen.text("//*[@id='status']").startswith("Nothing is shown")


# --- Roles and files ------------------------------------------------------------------------------
def test_files_take_the_query_of_the_page(client: Client, payiano: Credential) -> None:
    make_balance(payiano)

    screen = see(client, "currency=USD&sort=account&page=1&per_page=50&q=pay")

    assert screen.texts("//*[@id='balances-export']//a/@href") == [
        f"/acme/balances.{extension}?q=pay&currency=USD&sort=account&per_page=50"
        for extension in ("xlsx", "csv")
    ]


def test_viewer_is_offered_neither_files_nor_sync(
    bob: User, sign_in: SignIn, payiano: Credential
) -> None:
    make_balance(payiano)

    screen = see(sign_in(bob))

    assert screen.rows()
    assert not screen.has("//a[@download]")
    assert not screen.has("//form[@method='post' and contains(@action, '/sync/')]")


def test_rows_are_the_tenants_alone(client: Client, payiano: Credential, globex: Tenant) -> None:
    named(make_credential(globex), "Theirs")
    named(payiano, "Ours")

    screen = see(client)

    assert screen.column(0) == ["Ours"]
    assert "Theirs" not in screen.text("//body")


# --- Zero, networks, ready views ------------------------------------------------------------------
def test_zero_is_hidden_and_shown_by_one_click_and_counted(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "0", name="Zero")
    make_balance(payiano, "USD", "0", pending="0", ledger="0", name="All zero")
    make_balance(payiano, "USD", "0", pending="5", name="Pending")
    make_balance(payiano, "USD", None, name="Unknown")
    make_balance(payiano, "EUR", "0", name="Other zero")
    make_balance(payiano, "USD", "-3", name="Below")

    whole = see(client, "currency=USD&sort=account")
    hidden = Screen(client.get(whole.href("Hide 2 zero")))

    assert hidden.column(0) == ["Below", "Pending", "Unknown"]
    counted = f"//p[{classed('count')}]"
    assert hidden.text(counted) == "3 of 6 balances, see totals 2 zero hidden. Show them"
    assert hidden.text("//*[@id='zero']/@href") == f"{LIST}?currency=USD&sort=account"
    assert "Balance is not zero, or not reported" in hidden.text("//caption")
    assert hidden.texts(f"//li[{classed('chip')}]/span")[1] == (
        "Balance is not zero, or not reported"
    )
    assert "balance=not_zero" in hidden.texts("//*[@id='balances-export']//a/@href")[0]
    assert "balance" in hidden.texts("//*[@id='view-state']/input/@name")


def test_hiding_zero_changes_no_sum(client: Client, payiano: Credential) -> None:
    for available, pending in (("0", None), ("0", "0"), ("0", "7"), ("12", "0"), (None, "3")):
        make_balance(payiano, "USD", available, pending=pending)

    sums = [
        see(client, query).texts("//tfoot//td[contains(@class, 'num')]//*[contains(@class, 'amt')]")
        for query in ("", "balance=not_zero")
    ]

    assert sums[0] == sums[1] == ["12.00", "10.00"]


def test_nothing_is_offered_where_none_is_zero_or_all_are(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "1")
    assert not see(client).has("//*[@id='zero']")

    make_balance(payiano, "EUR", "0")
    assert not see(client, "currency=EUR").has("//*[@id='zero']")
    assert "0 zero hidden" in see(client, "currency=USD&balance=not_zero").text("//body")


def test_networks_are_chosen_with_those_that_have_none(client: Client, payiano: Credential) -> None:
    for name, network in (("a", "Polygon"), ("b", "polygon"), ("c", "Base"), ("d", "")):
        make_balance(payiano, "USDC", "1", name=name, network=network)

    menu = see(client, "network=-&network=base").part(
        "//details[.//input[@name='network']]/fieldset/.. | //details[.//input[@name='network']]"
    )

    assert menu.texts(".//label") == ["Base1", "Polygon2", "No network1"]
    assert menu.texts(".//input[@checked]/@value") == ["Base", "-"]
    assert see(client, "network=-&network=base&sort=account").column(0) == ["c", "d"]


def test_no_network_menu_stands_where_nothing_has_one(client: Client, payiano: Credential) -> None:
    make_balance(payiano)

    assert not see(client).has("//*[@id='pill-network']")
    kept = see(client, "network=Base")
    assert kept.text("//*[@id='pill-network']") == "Network: Base"


def test_ready_views_keep_order_and_columns_and_mark_the_one_in_use(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "-5", name="Below")
    make_balance(payiano, "USD", "5", name="Above")
    current = "//nav[@id='balances-tabs']/a[@aria-current='page']"

    screen = see(client, "currency=EUR&q=x&sort=account&columns=provider&page=2")
    negative = Screen(client.get(screen.href("Negative")))

    assert screen.texts(current) == []
    assert negative.column(0) == ["Below"]
    assert screen.href("Negative") == (
        f"{LIST}?available__lt=0&sort=account&columns=account,currency,available,provider"
    )
    assert negative.texts(current) == ["Negative"]
    assert see(client, "balance=not_zero").texts(current) == ["All balances"]
    assert screen.texts("//nav[@id='balances-tabs']/a") == [
        *("All balances", "Own", "Customers'", "Needs attention", "Negative", "Closed"),
    ]
    assert not screen.has("//nav[@id='balances-tabs']//span")


# --- Sort -----------------------------------------------------------------------------------------
def test_a_key_is_added_from_the_menu(client: Client, payiano: Credential) -> None:
    named(payiano, "a")

    added = client.get(f"{LIST}?sort=provider&then=fetched_at")

    assert added.headers["Location"] == f"{LIST}?sort=provider,-fetched_at"
    assert (
        see(client, "then=colour", status=422)
        .texts(f"//div[{classed('summary-errors')}]//li")[0]
        .startswith("sort: ")
    )


def test_no_sixth_key_is_offered_and_none_is_lost_to_currency(
    client: Client, payiano: Credential
) -> None:
    named(payiano, "a")

    four = see(client, "sort=account,owner,network,state")
    fifth = four.text("//*[@id='sort-available']/@data-add-sort")
    full = Screen(client.get(fifth))

    assert fifth == f"{LIST}?sort=currency,account,owner,network,state,-available"
    assert not full.has("//select[@name='then']")
    assert full.text("//*[@id='sort-provider']/@data-add-sort") == fifth


def test_a_key_added_with_shift_turns_and_then_goes(client: Client, payiano: Credential) -> None:
    named(payiano, "a")
    add = "//*[@id='sort-account']/@data-add-sort"

    once = see(client, "sort=provider").text(add)
    twice = Screen(client.get(once)).text(add)
    thrice = Screen(client.get(twice)).text(add)

    assert [once, twice, thrice] == [
        f"{LIST}?sort=provider,account",
        f"{LIST}?sort=provider,-account",
        f"{LIST}?sort=provider",
    ]
