"""Claims about the credential pages: who may open them, and what never leaves the server."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from providers.connectors import CONNECTORS
from providers.forms import CredentialForm
from providers.models import Credential, Scope
from providers.services import credentials
from providers.services.secrets import open_secrets
from providers.tenancy.models import ActivityEntry, Tenant, User
from tests.providers.entries import NAMES, NOW, call_company, enter, save

SignIn = Callable[[User], Client]
PARTIAL = {
    "HX-Request": "true",
    "HX-Target": "div#providers-test-result",
    "HX-Request-Type": "partial",
}


def address(name: str, tenant: Tenant, *args: str) -> str:
    return reverse(f"providers:{name}", args=[tenant.slug, *args])


def posted(tenant: Tenant, simulator: Any, slot: str = "payiano", **changes: Any) -> dict[str, Any]:
    """Return what a browser would post for a slot of the simulator."""
    entered = enter(tenant, simulator, slot)
    settings = {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in entered.settings.items()
    }
    own = {"name": entered.name, "environment": entered.environment, "provider": entered.provider}
    return {**own, **settings, **entered.secrets, **changes}


@pytest.mark.parametrize("code", list(CONNECTORS))
def test_the_form_has_a_control_for_each_declared_field(acme: Tenant, code: str) -> None:
    form = CredentialForm(connector=CONNECTORS[code], tenant=acme)

    html = form.as_p()

    for declared in CONNECTORS[code].fields:
        assert f'name="{declared.name}"' in html
    shown = [*form.secret_fields(), *(field for group in form.groups().values() for field in group)]
    assert {field.name for field in shown} == {each.name for each in CONNECTORS[code].fields}


def test_an_admin_adds_a_credential(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    page = sign_in(alice).post(
        address("credential_add", acme, "payman"), posted(acme, simulator, "payman")
    )

    saved = Credential.objects.for_tenant(acme).get()
    assert page.status_code == 302
    assert page["Location"] == address("credential", acme, saved.public_id)
    assert saved.created_by == alice
    assert saved.identity_ref
    assert Scope.objects.for_tenant(acme).filter(credential=saved).count() == 24


@pytest.mark.parametrize("slot", ["payiano", "payman"])
@pytest.mark.parametrize(("told", "kept"), NAMES)
def test_a_credential_is_saved_whatever_its_company_is_called(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any, slot: str, told: str, kept: str
) -> None:
    call_company(simulator, slot, told)

    page = sign_in(alice).post(address("credential_add", acme, slot), posted(acme, simulator, slot))

    assert page.status_code == 302
    assert Credential.objects.for_tenant(acme).get().identity_name == kept


def test_nothing_is_saved_when_the_test_fails(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    data = posted(acme, simulator, "payiano_denied")

    page = sign_in(alice).post(address("credential_add", acme, "payiano"), data)

    assert page.status_code == 422
    assert b"payment.balances.view" in page.content
    assert not Credential.objects.for_tenant(acme).exists()
    assert not ActivityEntry.objects.for_tenant(acme).filter(action="credential.create").exists()


def test_errors_stand_at_the_field_and_in_the_summary(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    data = posted(acme, simulator, name="", interval="5", base_url="https://evil.example/v1")

    page = sign_in(alice).post(address("credential_add", acme, "payiano"), data).content.decode()

    assert 'href="#id_name"' in page
    assert 'id="id_interval_error"' in page
    assert "Host not allowed" in page
    assert simulator.secrets["payiano"]["access_token"] not in page


def test_a_key_of_another_environment_is_refused_by_the_form(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    data = posted(acme, simulator, "swipelux_sandbox", environment="LIVE")

    page = sign_in(alice).post(address("credential_add", acme, "swipelux"), data)

    assert page.status_code == 422
    assert 'id="id_api_key_error"' in page.content.decode()
    assert not Credential.objects.for_tenant(acme).exists()


def test_an_address_of_another_environment_is_refused_by_the_form(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    data = posted(acme, simulator, base_url="https://api.payiano.dev/v1", environment="LIVE")

    page = sign_in(alice).post(address("credential_add", acme, "payiano"), data)

    assert page.status_code == 422
    assert 'id="id_base_url_error"' in page.content.decode()
    assert "https://api.payiano.com/v1" in page.content.decode()
    assert not Credential.objects.for_tenant(acme).exists()


def test_a_version_that_does_not_work_yet_is_refused_in_words(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    data = posted(acme, simulator, "swipelux", api_version="v3")

    page = sign_in(alice).post(address("credential_add", acme, "swipelux"), data)

    assert page.status_code == 422
    assert 'id="id_api_version_error"' in page.content.decode()


@pytest.mark.parametrize("slot", list(CONNECTORS))
def test_a_test_answers_with_its_part_and_saves_nothing(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any, slot: str
) -> None:
    part = sign_in(alice).post(
        address("test", acme), posted(acme, simulator, slot), headers=PARTIAL
    )

    html = part.content.decode()
    assert part.status_code == 200
    assert html.count('id="providers-test-result"') == 1
    assert "<html" not in html
    assert "Test passed" in html
    assert not Credential.objects.for_tenant(acme).exists()


def test_a_test_without_script_answers_with_the_page(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    data = posted(acme, simulator)

    page = sign_in(alice).post(address("test", acme), data).content.decode()

    assert "<html" in page
    assert "Test passed" in page
    assert 'value="payiano"' in page
    assert data["access_token"] not in page


def test_a_saved_credential_is_tested_with_its_saved_secret(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator)
    data = posted(acme, simulator, credential=saved.public_id, access_token="")

    part = sign_in(alice).post(address("test", acme), data, headers=PARTIAL)

    assert "Test passed" in part.content.decode()


def test_another_companys_key_is_refused_with_what_to_do(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator, "payman")
    Credential.objects.for_tenant(acme).update(identity_ref="agt-ours")
    data = posted(acme, simulator, "payman", **simulator.secrets["payman_other"])

    page = sign_in(alice).post(address("credential", acme, saved.public_id), data)

    assert page.status_code == 422
    assert "Make a new credential" in page.content.decode()
    secret = open_secrets(saved)["api_secret"].reveal()
    assert secret == simulator.secrets["payman"]["api_secret"]


def test_an_edit_of_the_schedule_alone_asks_nothing(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator)
    data = posted(acme, simulator, access_token="", interval="600", stale_after="1800")

    page = sign_in(alice).post(address("credential", acme, saved.public_id), data)

    saved.refresh_from_db()
    assert page.status_code == 302
    assert saved.interval == 600
    assert simulator.log == []


def test_no_page_shows_more_of_a_secret_than_its_end(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator)
    token = simulator.secrets["payiano"]["access_token"]
    browser = sign_in(alice)

    for page in (address("credentials", acme), address("credential", acme, saved.public_id)):
        html = browser.get(page).content.decode()
        assert token[-4:] in html
        assert token not in html
        assert token[:8] not in html


def test_analyst_and_auditor_read_without_a_form(
    acme: Tenant, analyst: User, auditor: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator)
    page = address("credential", acme, saved.public_id)

    for person in (analyst, auditor):
        browser = sign_in(person)
        html = browser.get(page).content.decode()
        assert simulator.base_url("payiano") in html
        assert 'name="access_token"' not in html
        assert browser.post(page, posted(acme, simulator, name="Taken over")).status_code == 403
        assert browser.get(address("credential_add", acme, "payiano")).status_code == 403
        assert browser.post(address("test", acme), posted(acme, simulator)).status_code == 403
    saved.refresh_from_db()
    assert saved.name == "payiano"
    assert simulator.log == []


def test_a_viewer_sees_no_providers(
    acme: Tenant, bob: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator)
    browser = sign_in(bob)

    assert browser.get(address("credentials", acme)).status_code == 403
    assert browser.get(address("credential", acme, saved.public_id)).status_code == 403


def test_a_foreign_credential_does_not_exist(
    acme: Tenant, globex: Tenant, alice: User, mallory: User, sign_in: SignIn, simulator: Any
) -> None:
    saved = save(acme, simulator)
    browser = sign_in(mallory)
    data = posted(acme, simulator, credential=saved.public_id, access_token="")

    assert browser.get(address("credential", globex, saved.public_id)).status_code == 404
    assert browser.post(address("credential", globex, saved.public_id), data).status_code == 404
    assert browser.post(address("test", globex), data).status_code == 404
    assert browser.get(address("credential", acme, saved.public_id)).status_code == 404
    assert simulator.log == []


def test_the_list_shows_how_each_does(
    acme: Tenant, globex: Tenant, analyst: User, sign_in: SignIn, simulator: Any
) -> None:
    save(acme, simulator, "payman", name="Never")
    save(globex, simulator, name="Foreign")
    credentials.pause(save(acme, simulator, name="Resting"), actor=None, now=NOW)
    credentials.retire(save(acme, simulator, name="Gone"), actor=None, now=NOW)
    failing = save(acme, simulator, "swipelux", name="Failing")
    Credential.objects.for_tenant(acme).filter(pk=failing.pk).update(
        error_code="credential_rejected"
    )

    html = sign_in(analyst).get(address("credentials", acme)).content.decode()

    for words in ("Never read", "Paused", "Retired", "Failing, key refused", "are watched"):
        assert words in html
    assert "Foreign" not in html


def test_a_retired_credential_has_no_form(
    acme: Tenant, alice: User, sign_in: SignIn, simulator: Any
) -> None:
    retired = credentials.retire(save(acme, simulator), actor=None, now=NOW)
    page = address("credential", acme, retired.public_id)
    browser = sign_in(alice)

    assert 'name="access_token"' not in browser.get(page).content.decode()
    browser.post(page, posted(acme, simulator, name="Back"))
    retired.refresh_from_db()
    assert retired.name == "payiano"


def test_an_unknown_provider_has_no_form(acme: Tenant, alice: User, sign_in: SignIn) -> None:
    assert sign_in(alice).get(address("credential_add", acme, "paypal")).status_code == 404
