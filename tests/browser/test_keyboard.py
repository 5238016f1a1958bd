"""Work with the balances by keyboard alone: whatever is pressed, focus is somewhere and can be seen."""

import re
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.balances.builders import make_account, make_balance, make_credential, make_scope
from tests.browser.pages import LIST, let_in
from tests.conftest import Walk
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)

# What is wrong with where focus is; nothing where it is drawn at least 2 px wide around something in sight.
UNSEEN = """() => {
    const el = document.activeElement;
    if (!el || el === document.body || el === document.documentElement) return 'focus is lost';
    const name = el.outerHTML.slice(0, 90);
    const style = getComputedStyle(el), box = el.getBoundingClientRect();
    if (!el.matches(':focus-visible')) return `focus does not show on ${name}`;
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `no outline around ${name}`;
    if (/^rgba.* 0\\)$/.test(style.outlineColor)) return `an outline nobody sees around ${name}`;
    if (!box.width || box.bottom <= 0 || box.top >= innerHeight) return `out of sight: ${name}`;
    const over = document.elementFromPoint(box.left + box.width / 2, Math.max(box.top + box.height / 2, 1));
    if (over && !el.contains(over) && !over.contains(el)) return `${over.outerHTML.slice(0, 60)} lies over ${name}`;
    return '';
}"""


@pytest.fixture
def page(walk: Walk, acme: Tenant, alice: User) -> Iterator[Page]:
    """Give alice's tab with twelve balances in two currencies; its console stays silent."""
    payiano = make_credential(acme, provider="payiano", name="Collections")
    scope = make_scope(payiano, read_at=timezone.now())
    for number in range(12):
        account = make_account(payiano, name=f"Account {number % 6}")
        currency = ("USD", "EUR")[number // 6]
        make_balance(payiano, currency, f"{1000 + number}.50", account=account, scope=scope)
    let_in(walk, alice)
    yield walk.page
    assert walk.complaints == []


def check_focus(page: Page) -> None:
    """Fail where focus is lost or cannot be seen."""
    assert page.evaluate(UNSEEN) == ""


def press(page: Page, *keys: str) -> None:
    """Press keys, looking at the focus after each."""
    for key in keys:
        page.keyboard.press(key)
        check_focus(page)


def tab_to(page: Page, css: str, *, back: bool = False) -> None:
    """Press Tab until something has focus, looking at every stop on the way."""
    for _ in range(120):
        if page.evaluate("css => document.activeElement.matches(css)", css):
            return
        press(page, "Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab never comes to {css}")


def settled(page: Page, query: str) -> None:
    """Wait for an address and its rows; focus has survived them."""
    expect(page).to_have_url(re.compile(re.escape(f"{LIST}{query}") + "$"))
    expect(page.locator(".htmx-request")).to_have_count(0)
    wait_for(lambda: page.evaluate(UNSEEN) == "", seconds=5, what="focus after the swap")


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tbody th.a-1").all_inner_texts()]


def test_space_on_a_column_head_sorts_and_with_shift_adds_as_enter_does(page: Page) -> None:
    page.goto(LIST)
    page.wait_for_load_state()

    for head, key, query in (
        ("#sort-account", "Space", "?sort=account"),
        ("#sort-account", "Space", "?sort=-account"),
        ("#sort-provider", "Shift+Space", "?sort=-account,provider"),
        ("#sort-provider", "Shift+Space", "?sort=-account,-provider"),
    ):
        tab_to(page, head)
        page.keyboard.press(key)
        settled(page, query)
        expect(page.locator(head)).to_be_focused()


def test_the_morning_is_done_without_a_pointer(page: Page) -> None:
    page.goto(LIST)
    page.wait_for_load_state()

    press(page, "/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("account")
    settled(page, "?q=account")
    expect(page.locator("#q")).to_be_focused()

    tab_to(page, "#pill-currency")
    press(page, "Enter")
    tab_to(page, "input[name='currency'][value='EUR']")
    press(page, "Space")
    tab_to(page, "details[open] button[type='submit']")
    page.keyboard.press("Enter")
    settled(page, "?q=account&currency=EUR")
    expect(page.locator("#pill-currency")).to_be_focused()
    expect(page.locator("tbody th.a-1")).to_have_count(6)

    tab_to(page, "#sort-provider")
    page.keyboard.press("Enter")
    settled(page, "?q=account&currency=EUR&sort=provider")
    expect(page.locator("#sort-provider")).to_be_focused()
    tab_to(page, "#sort-account", back=True)
    page.keyboard.press("Shift+Enter")
    settled(page, "?q=account&currency=EUR&sort=provider,account")
    expect(page.locator("#sort-account")).to_be_focused()
    expect(page.locator("#sort-account")).to_contain_text("key 2 of 2")
    page.keyboard.press("Shift+Enter")
    settled(page, "?q=account&currency=EUR&sort=provider,-account")
    assert names(page) == sorted(names(page), reverse=True)

    tab_to(page, "tbody tr:nth-child(2) th a")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Account 4")
    page.go_back()
    expect(page).to_have_url(re.compile("sort=provider,-account$"))
    tab_to(page, ".head-actions summary")
    press(page, "Enter")
    tab_to(page, "a[href*='.xlsx']")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".xlsx")
    check_focus(page)
    press(page, "Escape")
    expect(page.locator(".head-actions summary")).to_be_focused()


def test_whatever_takes_rows_away_leaves_focus_on_the_page(page: Page) -> None:
    page.goto(f"{LIST}?currency=EUR&q=account")
    page.wait_for_load_state()
    tab_to(page, "#chip-2")
    page.keyboard.press("Enter")
    settled(page, "?q=account")
    tab_to(page, ".chips a.link-btn")
    page.keyboard.press("Enter")
    settled(page, "")
    tab_to(page, "#menu-rows")
    press(page, "Enter")
    tab_to(page, "#rows-50")
    page.keyboard.press("Enter")
    settled(page, "?per_page=50")
    expect(page.locator("#menu-rows")).to_be_focused()


def test_a_test_keeps_focus_on_its_button_and_a_double_press_asks_once(
    page: Page, simulator: Simulator
) -> None:
    page.goto("/acme/providers/add/payiano/")
    page.locator("#id_name").fill("Main")
    page.locator("#id_access_token").fill(simulator.secrets["payiano"]["access_token"])
    page.locator("#id_base_url").fill(simulator.base_url("payiano"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))

    tab_to(page, "#providers-test")
    for times, word in enumerate(("Test", "Test again"), start=1):
        button = page.locator("#providers-test")
        expect(button).to_have_text(word)
        simulator.fault("delay", provider="payiano", seconds=1)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#providers-test[aria-busy='true']")).to_be_focused()
        expect(button).to_have_text("Test again")
        expect(page.locator("#providers-test[aria-busy='true']")).to_have_count(0)
        expect(page.locator("#providers-test-result strong")).to_have_text("Test passed")
        expect(button).to_be_focused()
        check_focus(page)
        page.wait_for_load_state("networkidle")
        assert len([url for url in sent if url.endswith("/test/")]) == times
