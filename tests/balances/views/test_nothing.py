import pytest
from django.test import Client

from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.screen import Screen, SignIn, stop_clock

LIST = "/acme/balances/"
TABLE = "//*[@id='balances-table']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(analyst: User, sign_in: SignIn) -> Client:
    return sign_in(analyst)


@pytest.fixture
def swipelux(acme: Tenant) -> Credential:
    make_balance(make_credential(acme, provider="payman"), "KWD", "5", name="Kestrel")
    credential = make_credential(acme, provider="swipelux")
    make_balance(credential, "USDC", "1", name="Wallet")
    make_balance(credential, "USDC", "0", name="Old", closed_at=NOW, closed_from=NOW.date())
    return credential


def see(client: Client, query: str) -> Screen:
    return Screen(client.get(f"{LIST}?{query}"))


def offers(screen: Screen) -> list[tuple[str, str]]:
    path = f"{TABLE}//*[contains(@class, 'empty')]//a"
    return list(zip(screen.texts(path), screen.texts(f"{path}/@href"), strict=True))


def test_it_says_what_hides_how_many_and_who_holds_none(
    client: Client, swipelux: Credential
) -> None:
    screen = see(client, "currency=KWD&provider=swipelux&sort=account")

    assert (
        "2 balances are hidden by: Currency is KWD and Provider is Swipelux. "
        "Swipelux holds no KWD." in screen.text(TABLE)
    )
    assert offers(screen) == [
        ("Remove “Currency is KWD”", f"{LIST}?provider=swipelux&sort=account"),
        ("Remove “Provider is Swipelux”", f"{LIST}?currency=KWD&sort=account"),
        ("Clear all filters", f"{LIST}?sort=account"),
    ]


def test_only_what_would_show_something_is_offered(client: Client, swipelux: Credential) -> None:
    screen = see(client, "q=kestrel&currency=KWD&available__lt=0&page=3")

    assert "Search for “kestrel”, Currency is KWD and Available is less than 0." in screen.text(
        TABLE
    )
    assert offers(screen) == [
        ("Remove “Available is less than 0”", f"{LIST}?q=kestrel&currency=KWD"),
        ("Clear all filters", LIST),
    ]


def test_a_pair_that_does_hold_something_is_not_blamed(
    client: Client, swipelux: Credential
) -> None:
    screen = see(client, "currency=USDC&provider=swipelux&q=kestrel")

    assert "holds no" not in screen.text(TABLE)


def test_what_is_closed_is_found_again(client: Client, swipelux: Credential) -> None:
    screen = see(client, "q=old")

    assert offers(screen) == [
        ("Show 1 closed balance", f"{LIST}?q=old&state=closed"),
        ("Clear all filters", LIST),
    ]
    assert see(client, "q=old&state=closed").column(0)[0].startswith("Old")


def test_a_group_of_filters_is_one_of_the_reasons(client: Client, swipelux: Credential) -> None:
    tree = (
        '{"node":"group","logic":"or","filters":['
        '{"node":"condition","field":"currency","operator":"eq","value":"EUR"},'
        '{"node":"condition","field":"currency","operator":"eq","value":"GBP"}]}'
    )

    screen = Screen(client.get(LIST, {"filters": tree, "holder": "own"}))

    said = screen.text(TABLE)
    assert "Holder is Own and (Currency is EUR or Currency is GBP)." in said
