"""Lose the sign-in while reading, and come back to the same view; a page that refreshes itself keeps no door open."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from providers.tenancy.models import Tenant, User
from tests.balances.builders import make_balance, make_credential
from tests.conftest import PASSWORD, Walk

# Two suites may share two cores.
expect.set_options(timeout=15_000)
pytestmark = pytest.mark.django_db(transaction=True)

VIEW = "/acme/balances/?currency=USD&sort=-account"
# What the page does every 30 s while it is looked at.
TICK = "htmx.trigger(document.body, 'tick')"
MARK = "document.getElementById('dashboard-health').dataset.old = 'yes'"
AFTER_30 = "You were signed out after 30 minutes."
BACK = "Sign in and you will be back on this view, with its filters."


@pytest.fixture(autouse=True)
def _two_balances(acme: Tenant) -> None:
    credential = make_credential(acme, provider="payiano", name="Main")
    make_balance(credential, "USD", "10")
    make_balance(credential, "EUR", "20")


def sign_in(page: Page, user: User) -> None:
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def open_view(page: Page, user: User) -> None:
    page.goto(VIEW)
    sign_in(page, user)
    expect(page).to_have_url(re.compile(re.escape(VIEW) + "$"))


def turn_clock(monkeypatch: pytest.MonkeyPatch, *, minutes: float) -> None:
    """Let every view read a clock that is ahead."""
    real = timezone.now
    ahead = timedelta(minutes=minutes)
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + ahead)


def test_who_was_away_too_long_signs_in_and_is_back_on_the_same_view(
    walk: Walk, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = walk.page
    open_view(page, alice)
    with monkeypatch.context() as later:
        turn_clock(later, minutes=31)
        page.locator("#sort-currency").click()
        expect(page).to_have_url(re.compile("/accounts/login/"))
    expect(page.get_by_role("status")).to_contain_text(f"{AFTER_30} {BACK}")
    assert page.locator("h1").all_inner_texts() == ["Sign in"]

    sign_in(page, alice)
    expect(page).to_have_url(re.compile(re.escape(VIEW) + "$"))
    expect(page.locator("#balances-table tbody tr")).to_have_count(1)


def test_a_page_that_only_refreshes_itself_is_signed_out_after_half_an_hour(
    walk: Walk, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = walk.page
    page.goto("/acme/?history=USD.own")
    sign_in(page, alice)
    expect(page.locator("#dashboard-health")).to_be_visible()
    page.wait_for_load_state()

    for minutes in (6, 12, 18, 24, 29):
        with monkeypatch.context() as later:
            turn_clock(later, minutes=minutes)
            page.evaluate(MARK)
            page.evaluate(TICK)
            expect(page.locator("#dashboard-health:not([data-old])")).to_be_visible()
    with monkeypatch.context() as later:
        turn_clock(later, minutes=31)
        page.evaluate(TICK)
        expect(page).to_have_url(re.compile("/accounts/login/"))
    expect(page.get_by_role("status")).to_contain_text(f"{AFTER_30} {BACK}")

    sign_in(page, alice)
    expect(page).to_have_url(re.compile(re.escape("/acme/?history=USD.own") + "$"))


def test_a_page_seen_again_asks_at_once_whether_its_reader_is_still_signed_in(
    walk: Walk, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = walk.page
    page.goto("/acme/")
    sign_in(page, alice)
    expect(page.locator("#dashboard-health")).to_be_visible()
    page.wait_for_load_state()

    with monkeypatch.context() as later:
        turn_clock(later, minutes=31)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page).to_have_url(re.compile("/accounts/login/"))


def test_who_goes_on_working_stays_signed_in(
    walk: Walk, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = walk.page
    open_view(page, alice)

    for minutes, sorted_by in ((20, "currency"), (45, "account"), (70, "currency")):
        with monkeypatch.context() as later:
            turn_clock(later, minutes=minutes)
            with page.expect_response(re.compile("/acme/balances/")) as answer:
                page.locator(f"#sort-{sorted_by}").click()
            assert answer.value.status == 200


def test_a_sign_in_taken_back_leads_to_the_door_and_does_not_blame_the_clock(
    walk: Walk, alice: User
) -> None:
    page = walk.page
    open_view(page, alice)
    Session.objects.all().delete()

    page.locator("#sort-currency").click()
    expect(page.get_by_role("status")).to_contain_text(f"You were signed out. {BACK}")


def test_back_after_signing_out_shows_no_figure(walk: Walk, alice: User) -> None:
    page = walk.page
    open_view(page, alice)
    page.goto("/account/")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page).to_have_url(re.compile("/accounts/login/"))

    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    assert "10.00" not in page.content()


def test_the_sign_in_page_leads_to_no_other_site(walk: Walk, alice: User) -> None:
    page = walk.page
    page.goto("/accounts/login/?next=//evil.example/acme/?q=1&ended=idle")
    expect(page.get_by_role("status")).to_contain_text("Sign in to go on.")
    sign_in(page, alice)

    expect(page).to_have_url(f"{walk.url}/acme/")
