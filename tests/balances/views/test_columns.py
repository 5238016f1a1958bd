import pytest
from django.test import Client

from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn, classed, htmx, stop_clock

LIST = "/acme/balances/"
BOX = "//*[contains(@class, 'columns')]//input[@type='checkbox'{}]/@value"
OWN = [
    *("account", "provider", "holder", "reference", "network"),
    *("currency", "available", "pending", "fetched_at"),
]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(analyst: User, sign_in: SignIn) -> Client:
    return sign_in(analyst)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def see(client: Client, query: str = "", *, status: int = 200) -> Screen:
    return Screen(client.get(f"{LIST}?{query}"), status=status)


def heads(screen: Screen) -> list[str]:
    return [text.partition(",")[0] for text in screen.texts("//thead//th")]


def test_menu_offers_every_column_those_shown_first_in_their_order(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)

    screen = see(client, "columns=state,account,currency,ledger,available")

    assert screen.texts(BOX.format(" and @checked")) == [
        *("state", "account", "currency", "ledger", "available"),
    ]
    offered = screen.texts(BOX.format(""))
    assert len(offered) == len(set(offered)) == 23
    assert {"owner", "owner_ref", "address", "account_kind", "verified", "counting"} <= set(offered)
    assert heads(screen) == ["State", "Account", "Currency", "Ledger", "Available"]


def test_three_columns_cannot_be_hidden(client: Client, payiano: Credential) -> None:
    make_balance(payiano)

    screen = see(client)

    always = ["account", "currency", "available"]
    assert screen.texts(BOX.format(" and @disabled")) == always
    assert screen.texts("//input[@type='hidden' and @name='columns']/@value") == always
    assert heads(see(client, "columns=provider")) == [
        *("Account", "Currency", "Available", "Provider"),
    ]


def test_a_forms_boxes_lead_to_the_one_address(client: Client, payiano: Credential) -> None:
    make_balance(payiano)
    boxes = "&".join(f"columns={name}" for name in ("account", "provider", "currency", "available"))

    chosen = client.get(f"{LIST}?q=&{boxes}&sort=")
    everything = client.get(f"{LIST}?{'&'.join(f'columns={name}' for name in OWN)}")
    swapped = client.get(f"{LIST}?{boxes}", headers=htmx("div#balances-table"))

    assert chosen.headers["Location"] == f"{LIST}?columns=account,provider,currency,available"
    assert everything.headers["Location"] == LIST
    assert swapped["HX-Push-Url"] == f"{LIST}?columns=account,provider,currency,available"
    assert client.get(chosen.headers["Location"]).status_code == 200


def test_the_pages_own_columns_are_left_out_of_its_links(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)

    screen = see(client, f"columns={','.join(OWN)}")

    assert screen.text("//*[@id='sort-account']/@href") == f"{LIST}?sort=account"
    assert not screen.has("//a[text()='Default columns']")
    assert see(client, "columns=provider").href("Default columns") == LIST


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("up=provider", "provider,account,currency,available"),
        ("down=account", "provider,account,currency,available"),
        ("down=available", "account,provider,currency,available"),
        ("up=account", "account,provider,currency,available"),
    ],
)
def test_a_column_moves_by_one_place_and_rests_at_the_ends(
    client: Client, payiano: Credential, verb: str, expected: str
) -> None:
    make_balance(payiano)

    answer = client.get(f"{LIST}?columns=account,provider,currency,available&{verb}")

    assert answer.headers["Location"] == f"{LIST}?columns={expected}"


def test_order_of_the_default_columns_can_be_changed_and_restored(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)

    moved = client.get(f"{LIST}?down=account").headers["Location"]
    back = client.get(f"{moved}&up=account").headers["Location"]

    assert moved == f"{LIST}?columns=provider,account,{','.join(OWN[2:])}"
    assert back == LIST


@pytest.mark.parametrize(
    ("query", "path"),
    [("up=ledger", "columns"), ("down=colour", "columns"), ("columns=colour", "columns")],
)
def test_a_column_that_is_not_there_is_a_fault(client: Client, query: str, path: str) -> None:
    screen = see(client, query, status=422)

    (said,) = screen.texts(f"//div[{classed('summary-errors')}]//li")
    assert said.startswith(f"{path}: ")


def test_without_its_time_a_figure_that_is_not_up_to_date_says_so_at_its_name(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, name="Fine")
    make_balance(payiano, name="Late", scope=make_scope(payiano, error_code="timeout"))

    screen = see(client, "columns=account,currency,available&sort=account")

    assert screen.column(0) == ["Fine", "Late Not synced since 10:59"]
    assert "1 not synced" in screen.totals()[0]


def test_files_have_the_columns_of_the_page_and_without_a_choice_all(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)

    chosen = see(client, "columns=provider,account,currency,available")
    whole = see(client)
    (url,) = chosen.texts("//*[@id='balances-export']//a[contains(@href, '.csv')]/@href")
    head = b"".join(client.get(url)).decode("utf-8-sig").splitlines()[0]

    assert head == "provider,account_name,currency,available"
    assert "CSV, these 4 columns" in chosen.text("//*[@id='balances-export']")
    assert "CSV, all 24 columns" in whole.text("//*[@id='balances-export']")


def test_many_columns_stand_in_a_frame_of_their_own(client: Client, payiano: Credential) -> None:
    make_balance(payiano)
    framed = f"//*[{classed('table-wrap')} and {classed('many')}]"

    assert not see(client).has(framed)
    assert see(client, f"columns={','.join(OWN)},ledger").has(framed)


def test_row_height_is_kept_in_a_cookie_and_the_address_stays(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano)
    here = f"{LIST}?sort=account"
    form = see(client, "sort=account").part("//form[contains(@action, 'row-height')]")

    answer = client.post(
        form.text("@action"),
        {"density": "compact", "next": form.text(".//input[@name='next']/@value")},
    )

    assert answer.headers["Location"] == here
    assert see(client).text("/html/@data-density") == "compact"
    assert see(client).texts("//button[@aria-pressed='true']") == ["Compact"]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", ""])
def test_row_height_leads_nowhere_else(client: Client, acme: Tenant, back: str) -> None:
    answer = client.post("/account/row-height/", {"density": "compact", "next": back})

    assert answer.headers["Location"] == "/"


def test_an_unheard_row_height_changes_nothing(client: Client, acme: Tenant) -> None:
    answer = client.post("/account/row-height/", {"density": "tall", "next": LIST})

    assert answer.status_code == 422
    assert "density" not in answer.cookies
    client.cookies["density"] = '"><script>'
    assert see(client).text("/html/@data-density") == "regular"
