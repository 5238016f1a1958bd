"""Connect a provider and work with its balances in a browser that runs no script, on the running product."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from providers.models import Credential, RunStatus, SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.browser.pages import LIST
from tests.browser.product import Product, sign_in
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)


def test_all_is_done_without_a_script(
    product: Product, browser: Browser, simulator: Simulator, alice: User, tmp_path: Path
) -> None:
    context = product.window(browser, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, alice)
    add_a_credential(page, simulator)
    sync_now(page)
    look_closer(page, tmp_path)
    context.close()


def add_a_credential(page: Page, simulator: Simulator) -> None:
    """Be refused, see the first balances, save: each is a page of its own."""
    denied, good = (
        simulator.secrets[slot]["access_token"] for slot in ("payiano_denied", "payiano")
    )
    page.get_by_role("link", name="Add a provider").click()
    page.get_by_text("Add credential").click()
    page.locator("details[open]").get_by_role("link", name="Payiano").click()
    page.get_by_label("Name", exact=True).fill("Main")
    page.get_by_label("Base URL").fill(simulator.base_url("payiano"))
    page.get_by_label("Access token").fill(denied)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("lacks the permission payment.balances.view")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Main")
    expect(page.get_by_label("Access token")).to_have_value("")

    page.get_by_label("Access token").fill(good)
    page.get_by_role("button", name="Test again").click()
    expect(page.locator("#providers-test-result tbody tr")).to_have_count(5)
    expect(page.get_by_label("Access token")).to_have_value("")
    assert not Credential.unscoped.exists()

    page.get_by_label("Access token").fill(good)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main > .notices .notice.ok")).to_contain_text("Main is saved")
    wait_for(lambda: ended() == 1, what="the first reading")


def ended() -> int:
    return SyncRun.unscoped.filter(status=RunStatus.SUCCEEDED).count()


def sync_now(page: Page) -> None:
    """Ask for the newest figures, be told so on the same page, and find the run when it has ended."""
    page.get_by_role("button", name="Sync now").first.click()
    notice = page.locator("main > .notices .notice.ok")
    expect(notice).to_contain_text("1 credential is read now.")
    wait_for(lambda: ended() == 2, what="the second reading")
    page.get_by_role("link", name="Sync runs", exact=True).click()
    run = page.locator("#providers-runs-table tbody tr").first
    expect(run).to_contain_text("Alice")
    expect(run.locator(".state")).to_have_text("Read")


def look_closer(page: Page, directory: Path) -> None:
    """Filter, sort and page, each keeping what was chosen before, and take exactly that away."""
    page.get_by_role("link", name="Balances", exact=True).click()
    page.locator("#pill-currency").click()
    for code in ("EGP", "EUR", "USD"):
        page.get_by_role("checkbox", name=code).check()
    page.locator("details[open]").get_by_role("button", name="Apply").click()
    page.locator("#sort-available").click()
    page.goto(f"{page.url}&per_page=2")
    asked = f"{LIST}?currency=EGP&currency=EUR&currency=USD&sort=currency,available"
    expect(page).to_have_url(re.compile(re.escape(f"{asked}&per_page=2") + "$"))
    expect(page.locator("#totals tr")).to_have_count(3)
    first = figures(page)
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile(re.escape(f"{asked}&page=2&per_page=2") + "$"))
    shown = [*first, *figures(page)]
    assert [currency for currency, _ in shown] == ["EGP", "EGP", "EUR", "USD"]

    page.get_by_text("Export").first.click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    started.value.save_as(directory / "balances.csv")
    with (directory / "balances.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(line["currency"], Decimal(line["available"])) for line in lines] == shown


def figures(page: Page) -> list[tuple[str, Decimal]]:
    """Read currency and available amount of every row."""
    found = []
    for row in page.locator("#balances-table tbody tr").all():
        amount = row.locator("td.a-2 .amt").inner_text().replace(",", "").replace("−", "-")
        found.append((row.locator("td.cur").inner_text(), Decimal(amount)))
    return found
