"""Have a key revoked and replace it, on the running product: figures keep their values, and no zero is ever written."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from balances.models import Balance, Observation
from providers.models import Credential, Heartbeat, RunStatus, SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.browser.pages import LIST
from tests.browser.product import Product, sign_in
from tests.processes import wait_for
from tests.sync.worlds import connect, held, truth

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)

ROWS = """() => [...document.querySelectorAll('#balances-table tbody tr')].map((row) => [
    row.querySelector('th.a-1 a').innerText.trim(), row.querySelector('td.cur').innerText.trim(),
    row.querySelector('td.a-2 .amt').innerText.trim()])"""
MARKS = "#balances-table tbody .mark"


@pytest.fixture
def payiano(acme: Tenant, simulator: Simulator) -> Credential:
    return connect(acme, simulator, "payiano", name="Main")


@pytest.fixture
def page(product: Product, payiano: Credential, browser: Browser, alice: User) -> Iterator[Page]:
    """Open alice's window, once everything was read."""
    wait_for(lambda: ended(RunStatus.SUCCEEDED) == 1, what="the first reading")
    context = product.window(browser)
    page = context.new_page()
    sign_in(page, alice)
    yield page
    context.close()
    call_command("verify")


def ended(status: RunStatus) -> int:
    return SyncRun.unscoped.filter(status=status).count()


def is_refused(
    page: Page, payiano: Credential, *, time: int, least: timedelta, most: timedelta
) -> None:
    """Ask for a sync that is refused, for the first or second time, and see how long the key rests."""
    page.goto("/acme/")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#providers-sync-status")).to_contain_text("0 of 1")
    assert ended(RunStatus.FAILED) == time
    payiano.refresh_from_db()
    assert payiano.due_at is not None
    assert least < payiano.due_at - timezone.now() <= most


def ticks(number: int) -> None:
    """Wait for so many further ticks to end."""
    seen = {Heartbeat.objects.get(name="dispatch_due").at}

    def is_enough() -> bool:
        seen.add(Heartbeat.objects.get(name="dispatch_due").at)
        return len(seen) > number

    wait_for(is_enough, what=f"{number} ticks")


def test_key_rotation(page: Page, payiano: Credential, simulator: Simulator) -> None:
    page.goto(LIST)
    figures, before = page.evaluate(ROWS), held(payiano)
    assert len(figures) == 8
    expect(page.locator(MARKS)).to_have_count(0)
    simulator.advance()
    simulator.edit("revoke_key", slot="payiano")

    is_refused(page, payiano, time=1, least=timedelta(minutes=14), most=timedelta(minutes=15))
    is_refused(page, payiano, time=2, least=timedelta(minutes=59), most=timedelta(hours=1))
    asked = len(simulator.log)
    ticks(3)
    assert len(simulator.log) == asked

    keep_figures(page, figures)
    assert held(payiano) == before
    replace_key(page, payiano, simulator)
    heal(page, payiano, simulator)


def keep_figures(page: Page, figures: list[list[str]]) -> None:
    """See the same figures, each with a mark and the time it was last confirmed."""
    page.goto("/acme/")
    page.goto(LIST)
    assert page.evaluate(ROWS) == figures
    expect(page.locator(MARKS)).to_have_count(len(figures))
    for mark in page.locator(MARKS).all():
        expect(mark).to_contain_text("Not synced")
        expect(mark.locator("time")).to_be_visible()


def replace_key(page: Page, payiano: Credential, simulator: Simulator) -> None:
    """Come from the problem to the credential and paste the new key."""
    new = simulator.edit("replace_key", slot="payiano")["secret"]
    page.goto("/acme/")
    page.locator(".problems").get_by_role("link").last.click()
    expect(page.locator(".form-section")).not_to_have_count(0)
    page.get_by_text("Replace", exact=True).click()
    page.get_by_label("Access token").fill(new)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main > .notices .notice.ok")).to_contain_text("Main is saved")
    wait_for(lambda: ended(RunStatus.SUCCEEDED) == 2, what="the reading with the new key")


def heal(page: Page, payiano: Credential, simulator: Simulator) -> None:
    """See everything fresh, and no zero in any history that had none."""
    page.goto(LIST)
    expect(page.locator(MARKS)).to_have_count(0)
    assert held(payiano) == truth(simulator, "payiano")
    nonzero = [balance for balance in Balance.unscoped.all() if balance.available]
    assert len(nonzero) == 7
    seen = Observation.unscoped.filter(balance__in=nonzero)
    assert all(each.available for each in seen)
    page.locator("#balances-table tbody tr", has_text="EUR").get_by_role("link").first.click()
    log = page.locator("section:has(#h-log) tbody tr")
    expect(log).to_have_count(3)
    expect(log.nth(1)).to_contain_text(re.compile("2 reads failed.*not known", re.DOTALL))
    for figure in log.locator("td.a-2 .amt").all():
        assert Decimal(figure.inner_text())
