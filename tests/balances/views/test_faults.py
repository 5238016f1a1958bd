"""Say at each control of the balances what of the address was not understood."""

import pytest
from django.test import Client

from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.screen import Screen, SignIn, classed, htmx, stop_clock

LIST = "/acme/balances/"
CONTROLS = [
    ("currency=US$", "pill-currency", "is not a currency code: 'US$'"),
    ("currency__like=U", "pill-currency", "is no way to filter currency"),
    ("provider=nobody", "pill-provider", "'nobody'"),
    ("holder=theirs", "pill-holder", "'theirs'"),
    ("network=a%00b", "pill-network", "holds control characters"),
    ("state=lost", "pill-state", "'lost'"),
    ("sort=colour", "menu-sort", "not 'colour'"),
    ("then=colour", "menu-sort", "not 'colour'"),
    ("group_by=owner", "menu-group", "not 'owner'"),
    ("columns=colour", "menu-columns", "not 'colour'"),
    ("up=ledger", "menu-columns", "no column 'ledger' to move"),
    ("per_page=201", "menu-rows", "from 1 to 200, not '201'"),
    ("page=0", "page-1", "not '0'"),
    ("q=a+b+c+d+e+f", "q", "more than 5 words"),
]
TREE = (
    'filters={"node":"group","logic":"and","filters":'
    '[{"node":"condition","field":"currency","operator":"eq","value":"US$"}]}'
)
BOX = f"//div[{classed('summary-errors')}]//li"
SHOWN = f"//p[{classed('error')} and not(@hidden)]"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(analyst: User, sign_in: SignIn) -> Client:
    return sign_in(analyst)


@pytest.fixture(autouse=True)
def _payiano(acme: Tenant) -> Credential:
    credential = make_credential(acme, provider="payiano", name="Collections")
    make_balance(credential, "USD", "1")
    return credential


def see(client: Client, query: str, *, status: int = 422, swaps: bool = False) -> Screen:
    headers = htmx("div#balances-table") if swaps else None
    return Screen(client.get(f"{LIST}?{query}", headers=headers), status=status)


@pytest.mark.parametrize("swaps", [False, True], ids=["page", "swap"])
@pytest.mark.parametrize(("query", "control", "message"), CONTROLS)
def test_a_fault_stands_beside_its_control_and_in_the_box_and_no_row_does(
    client: Client, query: str, control: str, message: str, swaps: bool
) -> None:
    screen = see(client, query, swaps=swaps)

    fault = f"{control}-fault"
    assert screen.rows() == []
    assert screen.text(f"//*[@id='{control}']/@aria-describedby") == fault
    assert screen.texts(f"{SHOWN}/@id") == [fault]
    assert message in screen.text(f"//*[@id='{fault}']")
    assert not screen.has(f"//*[@id='{fault}']/ancestor::details")
    assert screen.text(f"{BOX}//a/@href") == f"#{control}"
    assert message in screen.text(BOX)


@pytest.mark.parametrize("swaps", [False, True], ids=["page", "swap"])
def test_a_query_understood_has_no_fault_at_any_control(client: Client, swaps: bool) -> None:
    screen = see(client, "currency=USD", status=200, swaps=swaps)

    assert screen.texts(f"{SHOWN}/@id") == []
    assert screen.texts("//*[@aria-invalid]") == []
    faults = screen.texts("//*[contains(@aria-describedby, '-fault')]/@id")
    assert faults in (["q"], [])


def test_every_fault_of_one_control_is_told_there(client: Client) -> None:
    said = see(client, "currency=US$&currency=A*").text("//*[@id='pill-currency-fault']")

    assert "'US$'" in said
    assert "'A*'" in said


def test_several_controls_are_told_at_once_in_the_order_of_the_page(client: Client) -> None:
    screen = see(client, "page=0&sort=colour&state=lost&colour=red")

    assert screen.texts(f"{SHOWN}/@id") == ["pill-state-fault", "menu-sort-fault", "page-1-fault"]
    assert screen.texts(f"{BOX}//a/@href") == ["#pill-state", "#menu-sort", "#page-1"]


def test_a_filter_in_use_keeps_its_own_button_beside_its_fault(client: Client) -> None:
    screen = see(client, "currency=USD&currency__like=U")

    assert screen.has("//*[@id='pill-currency-fault']")
    assert screen.href("Clear filter: Currency") == LIST


def test_the_rows_menu_leads_out_of_a_size_that_there_is_not(client: Client) -> None:
    screen = see(client, "currency=USD&per_page=201")

    assert screen.text("//*[@id='rows-50']/@href") == f"{LIST}?currency=USD&per_page=50"


def test_a_fault_in_the_tree_is_told_by_its_pointer_in_the_box_alone(client: Client) -> None:
    screen = see(client, TREE)

    assert screen.text(BOX).startswith("filters/filters/0/value: is not a currency code")
    assert screen.texts(f"{SHOWN}/@id") == []
    assert not screen.has(f"{BOX}//a")
