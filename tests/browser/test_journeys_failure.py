"""Lose a customer, a turn and a worker on the running product: what failed is named, nothing is doubled."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect

from balances.models import Balance, Observation
from providers.models import Credential, RunStatus, SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.browser.pages import LIST
from tests.browser.product import Product, sign_in
from tests.processes import wait_for
from tests.sync.worlds import connect, held, truth

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)

FAILS, WAITS = "cus_abc123", "cus_tokyo"
# Within lease and two ticks a lost run is taken up; then it is read, on a busy machine.
CONVERGES = 40
ROWS = """() => [...document.querySelectorAll('#balances-table tbody tr')].map((row) => [
    row.querySelector('th.a-1 a').innerText.trim(), row.querySelector('td.cur').innerText.trim(),
    row.querySelector('td.a-2 .amt').innerText.trim(), row.querySelector('.mark')?.innerText ?? ''])"""


@pytest.fixture
def swipelux(acme: Tenant, simulator: Simulator) -> Credential:
    return connect(acme, simulator, "swipelux", name="Wallets")


@pytest.fixture
def page(product: Product, swipelux: Credential, browser: Browser, alice: User) -> Iterator[Page]:
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


def owners(simulator: Simulator) -> dict[str, str]:
    """Give each wallet's customer."""
    return {ref: each.owner_ref for ref, each in simulator.company("swipelux").accounts.items()}


def shown(page: Page) -> dict[tuple[str, str], tuple[Decimal, str]]:
    """Read every row's figure and mark."""
    return {
        (name, currency): (Decimal(figure.replace(",", "")), mark)
        for name, currency, figure, mark in page.evaluate(ROWS)
    }


def test_partial_failure(page: Page, swipelux: Credential, simulator: Simulator) -> None:
    before, whose = held(swipelux), owners(simulator)
    simulator.advance()
    simulator.fault("status", path=f"*/{FAILS}/*", status=500)
    simulator.fault("retry_after", path=f"*/{WAITS}/*", seconds=1)
    page.get_by_role("button", name="Sync now").click()
    status = page.locator("#providers-sync-status")
    expect(status).to_contain_text("0 of 1 credentials read whole")
    expect(status.locator(".state.warn")).to_be_visible()

    page.goto("/acme/sync-runs/")
    result = page.locator("#providers-runs-table tbody").get_by_role("row").first
    expect(result).to_contain_text("Partial")
    why = page.locator("#providers-runs-table .explain summary")
    for who in ("John Doe", "東京オーシャン株式会社"):
        expect(why).to_contain_text(who)
    result.get_by_role("link").first.click()
    parts = page.locator("#providers-run tbody")
    failed = parts.get_by_role("row", name="John Doe")
    expect(failed).to_contain_text("500")
    waits = parts.get_by_role("row", name="東京オーシャン株式会社")
    expect(waits).to_contain_text("429")
    expect(parts.locator(".state.bad")).to_have_count(2)

    page.goto(f"{LIST}?per_page=100")
    now = truth(simulator, "swipelux")
    unread = {FAILS, WAITS}
    for (name, currency), (figure, mark) in shown(page).items():
        is_read = whose[name] not in unread
        assert figure == (now if is_read else before)[name, currency][0]
        assert mark == "" if is_read else mark.startswith("Not synced"), name
    assert shown(page).keys() == now.keys()
    page.goto("/acme/")
    for said in (
        "of Swipelux Wallets are not synced: John Doe.",
        "It failed at the provider.",
        "of Swipelux Wallets is not synced: 東京オーシャン株式会社.",
    ):
        expect(page.locator(".problems")).to_contain_text(said)
    old = len([ref for ref, _ in now if whose[ref] in unread])
    confirmed = f"{len(now) - old} of {len(now)} confirmed since"
    expect(page.locator("#freshness")).to_contain_text(confirmed)
    expect(page.locator("#freshness a")).to_have_text(f"{old} not synced")


def test_worker_killed_in_the_middle(
    page: Page, product: Product, swipelux: Credential, simulator: Simulator
) -> None:
    rows = Balance.unscoped.count()
    simulator.advance()
    asked = len(simulator.log)
    simulator.fault("delay", seconds=30, after=3, count=1)
    page.get_by_role("button", name="Sync now").click()
    wait_for(lambda: len(simulator.log) >= asked + 4, what="the request that hangs")
    product.worker.kill()
    simulator.clear_faults()

    product.start_worker()
    wait_for(lambda: ended(RunStatus.SUCCEEDED) == 2, seconds=CONVERGES, what="the second run")
    page.goto("/acme/sync-runs/")
    results = page.locator("#providers-runs-table tbody .state")
    expect(results).to_have_text(["Read", "Abandoned, the worker was lost", "Read"])

    page.goto(f"{LIST}?per_page=100")
    assert shown(page) == {
        place: (available, "") for place, (available, _) in truth(simulator, "swipelux").items()
    }
    assert len(page.evaluate(ROWS)) == rows == Balance.unscoped.count()
    seen = list(Observation.unscoped.values_list("balance", "as_of"))
    assert len(set(seen)) == len(seen)
