"""Claims about how balances are counted and named that are not synced while the rest is."""

import pytest
from django.test import Client

from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_account, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn, classed, stop_clock

STATE = f"//*[{classed('strip-top')}]/*[{classed('state')}]"
FACT = f"//ul[{classed('problems')}]//strong"
HEALTH = f"//*[@aria-labelledby='h-health']//*[{classed('state')}]"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def treasury(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payman", name="Treasury", last_succeeded_at=NOW)


def fail(credential: Credential, name: str, *currencies: str, display_name: str = "") -> None:
    """Give an account a scope per currency, all failing, as Payman answers."""
    account = make_account(credential, name=name, display_name=display_name)
    for code in currencies:
        scope = make_scope(
            credential, error_code="timeout", failing_since=NOW, row_count=1, name=f"id in {code}"
        )
        make_balance(credential, code, account=account, scope=scope)


def test_one_account_is_named_by_strip_and_problem(client: Client, treasury: Credential) -> None:
    fail(treasury, "cust-7", "USD", "EUR", "GBP", display_name="Juniper Labs")

    overview = Screen(client.get("/acme/"))

    assert overview.text(STATE) == "3 balances of Juniper Labs not synced"
    assert overview.text(FACT) == "3 balances of Payman Treasury are not synced: Juniper Labs."


def test_several_accounts_are_counted_in_the_strip_and_named_in_the_problem(
    client: Client, treasury: Credential
) -> None:
    for name in ("Juniper Labs", "Nile"):
        fail(treasury, name, "USD", "EUR")

    overview = Screen(client.get("/acme/"))

    assert overview.text(STATE) == "4 balances not synced"
    assert (
        overview.text(FACT) == "4 balances of Payman Treasury are not synced: Juniper Labs, Nile."
    )


def test_page_of_the_credential_counts_the_same_balances(
    client: Client, treasury: Credential
) -> None:
    fail(treasury, "Juniper Labs", "USD", "EUR")
    make_scope(treasury, row_count=1)

    page = Screen(client.get(f"/acme/providers/{treasury.public_id}/"))

    assert page.text(HEALTH) == "2 balances not synced"
    assert page.text("//dt[.='Watches']/following-sibling::dd") == "3 balances"


def test_what_was_never_read_is_not_counted_short(client: Client, treasury: Credential) -> None:
    fail(treasury, "Juniper Labs", "USD")
    make_scope(treasury, error_code="timeout", read_at=None)

    page = Screen(client.get(f"/acme/providers/{treasury.public_id}/"))

    assert page.text(HEALTH) == "Partly not synced"


def test_a_list_without_balances_is_named_by_itself(client: Client, treasury: Credential) -> None:
    make_scope(treasury, kind="LISTING", name="Customers", error_code="timeout", row_count=9)

    overview = Screen(client.get("/acme/"))

    assert overview.text(STATE) == "Partly not synced"
    assert overview.text(FACT) == "Customers of Payman Treasury: not synced."
