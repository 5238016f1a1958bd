"""Walk the pages in a real browser: the content security policy is kept, and nothing fails on the way."""

import pytest
from playwright.sync_api import Page, expect

from providers.tenancy.models import Tenant, User
from tests.conftest import PASSWORD, Walk

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_pages_keep_the_policy_and_raise_no_error(walk: Walk, acme: Tenant, alice: User) -> None:
    sign_in(walk.page, alice)
    expect(walk.page).to_have_url(f"{walk.url}/acme/")

    for path in ("balances/", "balances/?currency=USD&sort=-available", "providers/", "sync-runs/"):
        answer = walk.page.goto(f"/acme/{path}")
        assert answer is not None
        assert answer.status == 200, path
        walk.page.wait_for_load_state("networkidle")

    assert walk.complaints == []


def test_stranger_is_led_to_the_door(walk: Walk, acme: Tenant) -> None:
    walk.page.goto("/acme/balances/?currency=USD")

    expect(walk.page).to_have_url(
        f"{walk.url}/accounts/login/?next=/acme/balances/%3Fcurrency%3DUSD"
    )
    assert walk.complaints == []
