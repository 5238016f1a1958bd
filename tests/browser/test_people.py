"""Walk people, log and account as a person would, with script and without it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from providers.tenancy import activity
from providers.tenancy.models import Membership, Tenant, User
from tests.conftest import PASSWORD, Walk

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def plain(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Open a window that runs no script."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_log_is_filtered_in_place_under_one_address_and_back_restores(
    walk: Walk, acme: Tenant, alice: User
) -> None:
    activity.record(acme, action="account.close", label="Main", actor=alice)
    page = walk.page
    sign_in(page, alice)
    page.goto("/acme/activity/")
    expect(page.get_by_role("rowheader")).to_have_count(2)
    page.evaluate("document.body.dataset.kept = 'yes'")

    page.get_by_label("What", exact=True).focus()
    page.get_by_label("What", exact=True).select_option("accounts")

    expect(page).to_have_url(f"{walk.url}/acme/activity/?what=accounts")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    expect(page.get_by_label("What", exact=True)).to_be_focused()
    assert page.evaluate("document.body.dataset.kept") == "yes"
    page.go_back()
    expect(page).to_have_url(f"{walk.url}/acme/activity/")
    expect(page.get_by_role("rowheader")).to_have_count(2)
    expect(page.get_by_label("What", exact=True)).to_have_value("")
    assert walk.complaints == []


def test_a_range_the_wrong_way_round_shows_nothing_and_takes_the_focus(
    walk: Walk, acme: Tenant, alice: User
) -> None:
    page = walk.page
    sign_in(page, alice)
    page.goto("/acme/activity/?from=2026-11-20")
    page.get_by_label("To day").fill("2026-11-19")
    page.get_by_label("To day").press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("The last day comes before the first")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("To day")).to_have_value("2026-11-19")
    expect(page.get_by_role("rowheader")).to_have_count(0)


def test_the_theme_button_turns_the_theme_and_leads_nowhere_with_script(
    walk: Walk, acme: Tenant, alice: User
) -> None:
    page = walk.page
    sign_in(page, alice)
    expect(page).to_have_url(f"{walk.url}/acme/")
    page.wait_for_load_state()  # before its script runs, the button is a plain form
    page.get_by_role("button", name=re.compile("^Theme")).click()

    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page).to_have_url(f"{walk.url}/acme/")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_all_of_it_works_without_script(plain: Page, acme: Tenant, alice: User, bob: User) -> None:
    sign_in(plain, alice)
    plain.get_by_role("button", name="Theme").click()
    expect(plain).to_have_url(re.compile(r"/account/\?#display$"))
    plain.get_by_label("Dark").check()
    plain.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    plain.get_by_role("button", name="Save display").click()
    expect(plain.locator("html")).to_have_attribute("data-theme", "dark")
    expect(plain.locator("html")).to_have_attribute("data-shortcuts", "off")

    plain.goto("/acme/people/")
    plain.get_by_role("link", name="Invite a person").click()
    plain.get_by_label("Work e-mail").fill("nadia")
    plain.get_by_role("button", name="Invite").click()
    expect(plain.get_by_role("alert")).to_be_focused()
    plain.get_by_label("Work e-mail").fill("nadia@acme.example")
    plain.get_by_label(re.compile("^Analyst")).check()
    plain.get_by_role("button", name="Invite").click()
    row = plain.get_by_role("row", name=re.compile("nadia@acme.example"))
    expect(row).to_contain_text("Analyst")

    plain.get_by_role("row", name=re.compile("bob@")).get_by_role("link", name="Deactivate").click()
    plain.get_by_role("button", name="Deactivate").click()
    expect(plain.get_by_role("row", name=re.compile("bob@"))).to_contain_text("Deactivated")
    assert not Membership.objects.for_tenant(acme).get(user=bob).is_active

    plain.get_by_role("link", name="Activity").first.click()
    plain.get_by_label("What", exact=True).select_option("people")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.get_by_role("rowheader")).to_have_text(
        [re.compile("^Deactivated bob@"), re.compile("^Invited nadia@")]
    )
    with plain.expect_download() as download:
        plain.get_by_role("link", name="Export CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 3
