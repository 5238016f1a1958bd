"""Check who may open which tenant, and do what there."""

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from providers.tenancy.managers import TenantScopeMissing
from providers.tenancy.models import Membership, Role, Tenant, User
from providers.tenancy.scoping import Action, may
from tests.conftest import make_person

SignIn = Callable[[User], Client]
MAY = {
    "VIEWER": "read",
    "ANALYST": "read export rename sync read_providers",
    "AUDITOR": "read export read_providers read_log read_people",
    "ADMIN": "read export rename sync read_providers read_log read_people manage_credentials manage_accounts"
    " decide_held manage_people",
}


@pytest.mark.parametrize("role", Role.values)
def test_each_role_may_do_just_what_the_product_says(role: str) -> None:
    allowed = {action.value for action in Action if may(role, action=action)}

    assert allowed == set(MAY[role].split())


@pytest.mark.parametrize("role", [None, "", "ROOT"])
def test_no_role_may_do_nothing(role: str | None) -> None:
    assert not any(may(role, action=action) for action in Action)


def test_a_member_sees_the_tenant_of_the_address_in_its_zone(bob: User, sign_in: SignIn) -> None:
    answer = sign_in(bob).get("/acme/")

    assert answer.content == b"acme VIEWER Africa/Cairo"
    assert timezone.get_current_timezone_name() == "UTC"


def test_one_person_has_another_role_in_each_tenant(
    alice: User, globex: Tenant, sign_in: SignIn
) -> None:
    Membership.unscoped.create(tenant=globex, user=alice, role=Role.VIEWER)
    client = sign_in(alice)

    assert client.get("/acme/").content == b"acme ADMIN Africa/Cairo"
    assert client.get("/globex/").content == b"globex VIEWER Europe/Berlin"
    assert client.post("/acme/admin/").content == b"changed"
    assert client.post("/globex/admin/").status_code == 403


def plain(content: bytes) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken": )["=]*"[^"]+"', "", content.decode())


def test_a_foreign_tenant_looks_like_none_at_all(
    alice: User, mallory: User, sign_in: SignIn
) -> None:
    client = sign_in(mallory)
    foreign, missing = client.get("/acme/"), client.get("/nobody/")

    assert foreign.status_code == missing.status_code == 404
    assert plain(foreign.content) == plain(missing.content)
    assert "acme" not in foreign.content.decode().lower()


def test_a_foreign_tenant_refuses_before_the_role_is_looked_at(
    acme: Tenant, mallory: User, sign_in: SignIn
) -> None:
    assert sign_in(mallory).post("/acme/admin/").status_code == 404


def test_a_membership_taken_back_closes_the_tenant_at_once(bob: User, sign_in: SignIn) -> None:
    client = sign_in(bob)
    assert client.get("/acme/").status_code == 200

    Membership.unscoped.filter(user=bob).update(is_active=False)

    assert client.get("/acme/").status_code == 404


def test_a_deactivated_person_is_signed_out_at_once(bob: User, sign_in: SignIn) -> None:
    client = sign_in(bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    answer = client.get("/acme/")

    assert (answer.status_code, answer["Location"]) == (
        302,
        "/accounts/login/?next=/acme/&ended=gone",
    )


def test_a_new_role_holds_from_the_next_request(bob: User, sign_in: SignIn) -> None:
    client = sign_in(bob)
    assert client.post("/acme/admin/").status_code == 403

    Membership.unscoped.filter(user=bob).update(role=Role.ADMIN)

    assert client.post("/acme/admin/").status_code == 200


def test_the_guard_stands_before_the_method(bob: User, sign_in: SignIn) -> None:
    assert sign_in(bob).get("/acme/admin/").status_code == 403


def test_a_view_without_a_guard_opens_for_nobody(alice: User, sign_in: SignIn) -> None:
    with pytest.raises(ImproperlyConfigured, match="unguarded lacks @role_required"):
        sign_in(alice).get("/acme/unguarded/")


def test_who_is_refused_is_told_who_can_help(alice: User, bob: User, sign_in: SignIn) -> None:
    make_person("Gone", bob.memberships.get().tenant, Role.ADMIN)
    User.objects.filter(name="Gone").update(is_active=False)

    text = sign_in(bob).post("/acme/admin/").content.decode()

    assert "Alice can change that." in text


@pytest.mark.parametrize("address", ["/acme/", "/nobody/", "/accounts/login/", "/acme/admin/"])
def test_no_answer_is_stored(address: str, bob: User, sign_in: SignIn) -> None:
    assert sign_in(bob).get(address)["Cache-Control"] == "no-store"


def test_a_request_reads_session_person_and_memberships_once(
    bob: User, sign_in: SignIn, django_assert_num_queries: Callable[[int], object]
) -> None:
    client = sign_in(bob)
    client.get("/acme/")

    with django_assert_num_queries(3):  # type: ignore[attr-defined]  # a context manager
        client.get("/acme/")


def test_tenant_rows_are_not_read_without_a_tenant() -> None:
    with pytest.raises(TenantScopeMissing):
        Membership.objects.filter(role=Role.ADMIN)
    with pytest.raises(TenantScopeMissing):
        list(Membership.objects.all())


def test_tenant_rows_are_those_of_the_tenant(alice: User, mallory: User, globex: Tenant) -> None:
    assert [m.user for m in Membership.objects.for_tenant(globex)] == [mallory]
