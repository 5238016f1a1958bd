"""Connect a first provider on the running product: a key that may not read, one that may, and a sync now."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from balances.models import Balance
from providers.models import Credential, Secret, SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.browser.product import Product, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)

# Set once; a page that was loaded anew has lost it.
MARK, MARKED = "window.isSamePage = true", "window.isSamePage === true"


def test_first_connection(
    product: Product, browser: Browser, simulator: Simulator, alice: User, tmp_path: Path
) -> None:
    tokens = [simulator.secrets[slot]["access_token"] for slot in ("payiano_denied", "payiano")]
    context = product.window(browser)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(f"{request.url} {request.headers}"))
    page = context.new_page()
    sign_in(page, alice)

    choose_payiano(page)
    refuse(page, simulator, tokens[0])
    show_before_saving(page, simulator, tokens[1])
    save(page)
    sync_now(page, simulator)

    shown = list(sources(context))
    assert "Main" in shown[0]
    kept = [*shown, *asked, *files(tmp_path), product.logs()]
    # Its last four characters are all that is ever told of it.
    assert [text for text in kept for token in tokens if token[:-4] in text] == []
    context.close()


def choose_payiano(page: Page) -> None:
    """Come to the form from the empty overview."""
    expect(page.locator(".empty h2")).to_have_text("No balances yet")
    page.get_by_role("link", name="Add a provider").click()
    page.get_by_text("Add credential").click()
    page.locator("details[open]").get_by_role("link", name="Payiano").click()
    expect(page.locator("h1")).to_have_text("Add Payiano")


def refuse(page: Page, simulator: Simulator, denied: str) -> None:
    """Paste a key without the permission: it is named, tested or saved, and nothing is kept."""
    page.get_by_label("Name", exact=True).fill("Main")
    page.get_by_label("Base URL").fill(simulator.base_url("payiano"))
    for button in ("Test", "Save"):
        page.get_by_label("Access token").fill(denied)
        page.get_by_role("button", name=button, exact=True).click()
        result = page.locator("#providers-test-result")
        expect(result.locator(".result-head")).to_contain_text("Test failed at the permission")
        expect(result.locator(".steps li.bad")).to_contain_text("payment.balances.view")
        expect(page.get_by_label("Name", exact=True)).to_have_value("Main")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Not saved: 1 field needs attention")
    summary.get_by_role("link", name="Access token: The key works, but lacks").click()
    expect(page.get_by_label("Access token")).to_be_focused()
    expect(page.get_by_label("Access token")).to_have_value("")
    assert not Credential.unscoped.exists()
    assert not Secret.unscoped.exists()


def show_before_saving(page: Page, simulator: Simulator, token: str) -> None:
    """Paste a good one and test it: the first balances stand there, and nothing is kept yet."""
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Test again").click()
    result = page.locator("#providers-test-result")
    expect(result.locator(".result-head")).to_contain_text("Test passed")
    expect(result.locator("tbody tr")).to_have_count(5)
    told = {
        (currency, f"{figures['available']:,}".replace("-", "−"))
        for (_, currency), figures in simulator.truth("payiano").items()
    }
    shown = {
        tuple(row.locator("td").all_inner_texts()[:2]) for row in result.locator("tbody tr").all()
    }
    assert shown < told
    assert not Credential.unscoped.exists()
    assert not Balance.unscoped.exists()


def save(page: Page) -> None:
    """Save it, and see it connected by the worker without reloading."""
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main > .notices .notice.ok")).to_contain_text("Main is saved")
    page.evaluate(MARK)
    notice = page.locator("#providers-sync-status .notice.ok")
    expect(notice).to_contain_text("Payiano Main is connected. 8 balances in 7 currencies")
    assert page.evaluate(MARKED)


def sync_now(page: Page, simulator: Simulator) -> None:
    """Ask for the newest figures: progress comes and goes on the same page, and they are there."""
    simulator.edit(
        "set",
        provider="payiano",
        ref=next(iter(simulator.company("payiano").accounts)),
        currency="EGP",
        available="123456.78",
    )
    simulator.fault("delay", provider="payiano", seconds=1.5, count=1)
    page.get_by_role("link", name="Balances", exact=True).click()
    page.evaluate(MARK)
    page.get_by_role("button", name="Sync now").click()
    status = page.locator("#providers-sync-status")
    expect(status.locator("progress")).to_be_visible()
    expect(status).to_contain_text("1 credential read")
    assert page.evaluate(MARKED)
    page.get_by_role("link", name="Show the new figures").click()
    expect(page.locator("#balances-table tbody")).to_contain_text("123,456.78")
    assert SyncRun.unscoped.count() == 2


def sources(context: BrowserContext) -> Iterator[str]:
    """Give the source of every page there is now."""
    credential, balance = Credential.unscoped.get(), Balance.unscoped.all()[0]
    for path in (
        *("providers/", f"providers/{credential.public_id}/", "providers/add/payiano/"),
        *("", "balances/", f"balances/{balance.public_id}/", "sync-runs/", "activity/", "people/"),
        *(f"sync-runs/{run.public_id}/" for run in SyncRun.unscoped.all()),
        *("balances.csv", "activity.csv"),
    ):
        answer = context.request.get(f"/acme/{path}")
        assert answer.status == 200, path
        yield answer.text()


def files(directory: Path) -> Iterator[str]:
    """Give what stands in every file that was written."""
    for path in directory.rglob("*"):
        if path.is_file():
            yield path.read_text(errors="replace")
