from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from providers.tenancy.models import Membership, Role, Tenant, User
from tests.balances.builders import make_credential
from tests.conftest import make_person
from tests.screen import Screen, SignIn, classed

PAGES = ("/acme/", "/acme/balances/")
EMPTY = f"//main//*[{classed('empty')}]"


@pytest.mark.parametrize("page", PAGES)
def test_admin_of_an_empty_tenant_is_led_to_connect_a_provider(
    page: str, alice: User, sign_in: SignIn
) -> None:
    empty = Screen(sign_in(alice).get(page)).part(EMPTY)

    assert empty.text(".//h2") == "No balances yet"
    assert "Balances appear after a provider is connected and has synced once." in empty.text()
    assert empty.href("Add a provider") == "/acme/providers/"


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_connect_is_told_whom_to_ask(
    page: str, acme: Tenant, alice: User, bob: User, mallory: User, sign_in: SignIn
) -> None:
    make_person("Farid", acme, Role.ADMIN)
    former = make_person("Former", acme, Role.ADMIN)
    Membership.unscoped.filter(user=former).update(is_active=False)
    empty = Screen(sign_in(bob).get(page)).part(EMPTY)

    asked = "An admin of Acme has to connect a provider first: Alice or Farid."
    assert empty.text(".//p") == asked
    assert not empty.has(".//a")


def test_without_an_admin_nobody_is_named(bob: User, sign_in: SignIn) -> None:
    empty = Screen(sign_in(bob).get("/acme/")).part(EMPTY)

    assert empty.text(".//p") == "An admin of Acme has to connect a provider first."


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, "Payiano Main is connected and read for the first time. That takes about a minute."),
        ({"error_code": "unreachable"}, "Payiano Main could not be read yet: the run says why."),
        ({"paused_at": timezone.now()}, "Payiano Main is paused and was never read."),
        (
            {"last_succeeded_at": timezone.now() - timedelta(minutes=1)},
            "Payiano Main was read and holds no balance.",
        ),
    ],
)
def test_what_is_connected_and_holds_nothing_says_how_far_it_has_come(
    page: str, state: dict[str, Any], said: str, acme: Tenant, alice: User, sign_in: SignIn
) -> None:
    make_credential(acme, provider="payiano", name="Main", **state)
    empty = Screen(sign_in(alice).get(page)).part(EMPTY)

    assert empty.text(".//p") == said
    assert empty.href("See the runs") == "/acme/sync-runs/"
    assert not empty.has(".//a[.='Add a provider']")


def test_the_providers_page_names_the_admin_to_who_may_only_read_it(
    alice: User, analyst: User, sign_in: SignIn
) -> None:
    empty = Screen(sign_in(analyst).get("/acme/providers/")).part(EMPTY)

    assert empty.text(".//p") == "An admin of Acme has to connect a provider first: Alice."
