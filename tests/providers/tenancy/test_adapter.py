"""Check the door: who comes in, who does not, and that each is logged."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant, User
from tests.conftest import PASSWORD

NEW_PASSWORD = "another long enough phrase"


def log(tenant: Tenant) -> list[tuple[str, str]]:
    found = ActivityEntry.objects.for_tenant(tenant).order_by("pk")
    return [(entry.action, entry.actor_email) for entry in found]


def sign_in(client: Client, email: str, *, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def test_a_person_signs_in_by_address_in_any_case_and_it_is_logged(
    alice: User, acme: Tenant, globex: Tenant
) -> None:
    Membership.unscoped.create(tenant=globex, user=alice, role=Role.VIEWER, is_active=False)
    client = Client()
    answer = sign_in(client, "Alice@Acme.example")

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/acme/").status_code == 200
    assert log(acme) == [("sign_in", "alice@acme.example")]
    assert log(globex) == []


def test_a_sign_in_is_logged_in_each_tenant_of_the_person(
    alice: User, acme: Tenant, globex: Tenant
) -> None:
    Membership.unscoped.create(tenant=globex, user=alice, role=Role.VIEWER)
    sign_in(Client(), alice.email)

    assert log(acme) == log(globex) == [("sign_in", "alice@acme.example")]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/acme/?q=a", "/acme/?q=a"),
        ("http://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_a_sign_in_leads_back_to_our_own_pages_only(alice: User, wanted: str, given: str) -> None:
    assert sign_in(Client(), alice.email, next=wanted)["Location"] == given


DOORS = [
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/inactive/",
    "/accounts/signup/",
    "/accounts/reauthenticate/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/no-such-key/",
    "/accounts/password/change/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-set-password/",
    "/accounts/password/reset/key/done/",
]


@pytest.mark.parametrize("wanted", ["//[", "http://[", "http://[::1", "http://[x]:y/", "\x00"])
@pytest.mark.parametrize("door", DOORS)
def test_no_door_breaks_at_a_way_back_that_is_no_address(
    alice: User, door: str, wanted: str
) -> None:
    who = {"login": alice.email, "password": PASSWORD, "email": alice.email}
    for is_signed_in in (False, True):
        for ask in ("get", "post", "post to a faulty address"):
            client = Client()
            if is_signed_in:
                client.force_login(alice)
            if ask == "get":
                answer: Any = client.get(door, {"next": wanted})
            elif ask == "post":
                answer = client.post(door, {**who, "next": wanted})
            else:
                answer = client.post(f"{door}?{urlencode({'next': wanted})}", who)
            assert answer.status_code < 500
            assert wanted not in answer.get("Location", "")


def test_a_sign_in_changes_the_session_key(alice: User) -> None:
    client = Client()
    client.cookies["session"] = planted = "k" * 32
    sign_in(client, alice.email)

    assert client.cookies["session"].value not in {"", planted}


def test_wrong_password_and_unknown_address_read_alike(alice: User, acme: Tenant) -> None:
    wrong = sign_in(Client(), alice.email, password="wrong")
    unknown = sign_in(Client(), "alicf@acme.example", password="wrong")

    def text(answer: Any) -> str:
        return re.sub(r'value="[^"]*"', "", answer.content.decode())

    assert "The e-mail address or the password is not right." in text(wrong)
    assert text(wrong) == text(unknown)
    assert log(acme) == [("sign_in.failed", "")]
    assert ActivityEntry.objects.for_tenant(acme).get().object_ref == alice.public_id


def test_a_deactivated_person_is_refused_and_it_is_logged(alice: User, acme: Tenant) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client = Client()
    answer = sign_in(client, alice.email)

    assert answer["Location"] == "/accounts/inactive/"
    assert client.get("/acme/").status_code == 302
    assert log(acme) == [("sign_in.refused", "")]


def test_guessing_is_slowed_and_the_right_password_waits_too(alice: User, acme: Tenant) -> None:
    for _ in range(5):
        sign_in(Client(), alice.email, password="wrong")
    answer = sign_in(Client(), alice.email)

    assert "Too many failed sign-ins" in answer.content.decode()
    assert log(acme) == [("sign_in.failed", "")] * 5


def test_signing_out_is_a_post_is_logged_and_clears_the_browser(alice: User, acme: Tenant) -> None:
    client = Client()
    sign_in(client, alice.email)

    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/acme/").status_code == 200
    answer = client.post("/accounts/logout/")

    assert (answer.status_code, answer["Clear-Site-Data"]) == (302, '"cache", "storage"')
    assert client.get("/acme/").status_code == 302
    assert [action for action, _ in log(acme)] == ["sign_in", "sign_out"]


@pytest.mark.django_db
def test_nobody_signs_up() -> None:
    fields = {"email": "x@acme.example", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = Client().post("/accounts/signup/", fields)

    assert "Nobody signs up here" in answer.content.decode()
    assert User.objects.count() == 0


def test_a_changed_password_ends_the_other_sessions(alice: User, acme: Tenant) -> None:
    here, there = Client(), Client()
    sign_in(here, alice.email)
    sign_in(there, alice.email)
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    here.post("/accounts/password/change/", fields)

    assert here.get("/acme/").status_code == 200
    assert there.get("/acme/").status_code == 302
    assert log(acme)[-1] == ("person.password", "alice@acme.example")


def test_a_short_password_is_refused_at_its_field(alice: User) -> None:
    client = Client()
    sign_in(client, alice.email)
    fields = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}

    text = client.post("/accounts/password/change/", fields).content.decode()

    assert 'aria-invalid="true" aria-describedby="id_password1-note"' in text
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_password_is_reset_by_a_link_that_works_once(alice: User, acme: Tenant) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": alice.email})
    (message,) = mail.outbox
    link = re.search(r"http://testserver(\S+)", str(message.body))
    assert link is not None

    form = client.get(link[1], follow=True)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    done = client.post(form.redirect_chain[-1][0], fields)

    assert done.status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()
    assert [action for action, _ in log(acme)] == ["person.password"]


def test_a_reset_says_the_same_for_an_unknown_address_and_writes_to_nobody(alice: User) -> None:
    known = Client().post("/accounts/password/reset/", {"email": alice.email})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@acme.example"})

    assert known["Location"] == unknown["Location"]
    assert [message.to for message in mail.outbox] == [[alice.email]]


def test_an_unverified_address_is_asked_for_first(alice: User) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    client = Client()
    answer = sign_in(client, alice.email)

    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/acme/").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/inactive/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/done/",
        "/accounts/password/reset/key/1-x/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/x/",
    ],
)
@pytest.mark.django_db
def test_pages_at_the_door_open_without_a_sign_in_and_are_ours(address: str) -> None:
    answer = Client().get(address, follow=True)

    assert answer.status_code == 200
    assert "login-box" in answer.content.decode()
    assert not re.search(r"\sstyle=|<script(?! src)", answer.content.decode())


@pytest.mark.parametrize(
    "address", ["/accounts/logout/", "/accounts/password/change/", "/accounts/reauthenticate/"]
)
def test_pages_of_ones_own_account_are_ours(
    address: str, alice: User, sign_in: Callable[[User], Client]
) -> None:
    answer = sign_in(alice).get(address)

    assert "login-box" in answer.content.decode()
