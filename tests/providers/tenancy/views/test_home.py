"""Check where a person lands."""

from collections.abc import Callable

from django.test import Client

from providers.tenancy.models import Membership, Role, Tenant, User


def test_home_is_the_first_tenant_by_name(
    bob: User, globex: Tenant, sign_in: Callable[[User], Client]
) -> None:
    Tenant.objects.filter(slug="globex").update(name="Aardvark")
    Membership.unscoped.create(tenant=globex, user=bob, role=Role.VIEWER)

    assert sign_in(bob).get("/")["Location"] == "/globex/"


def test_home_without_a_tenant_explains_it(bob: User, sign_in: Callable[[User], Client]) -> None:
    Membership.unscoped.filter(user=bob).update(is_active=False)
    answer = sign_in(bob).get("/")

    assert answer.status_code == 200
    assert "You are in no tenant yet" in answer.content.decode()


def test_home_is_read_only(bob: User, sign_in: Callable[[User], Client]) -> None:
    assert sign_in(bob).post("/").status_code == 405
