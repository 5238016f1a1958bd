"""Use the controls of the balances page in Chromium: by hand, by keyboard, without script, and while figures change."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from balances.models import Balance
from providers.models import Credential, Scope
from providers.tenancy.models import Tenant, User
from tests.balances.builders import make_account, make_balance, make_credential, make_scope
from tests.browser.pages import LIST, let_in
from tests.conftest import Walk
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)

TICK = "htmx.trigger(document.body, 'tick')"
# The element stands as long as nothing replaces it.
MARK = "document.querySelector('#balances-table tbody tr').isMarked = true"
MARKED = "document.querySelector('#balances-table tbody tr').isMarked === true"
ROWS = 60


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    """Give acme sixty balances of one provider, a few of them zero or unknown."""
    payiano = make_credential(acme, provider="payiano", name="Collections")
    scope = make_scope(payiano, read_at=timezone.now())
    for number in range(ROWS):
        account = make_account(payiano, name=f"Account {number:02}", network="Polygon")
        amount = {1: "0", 2: "0", 3: None}.get(number, f"{1000 + number}.50")
        make_balance(payiano, "USD", amount, account=account, scope=scope)
    return payiano


@pytest.fixture
def page(walk: Walk, credential: Credential, alice: User) -> Iterator[Page]:
    """Give alice's tab; whatever she does, the console stays silent."""
    let_in(walk, alice)
    yield walk.page
    assert walk.complaints == []


@pytest.fixture
def plain(browser: Browser, live_server: LiveServer, walk: Walk, page: Page) -> Iterator[Page]:
    """Open alice's tab in a browser that runs no script."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(walk.page.context.cookies())  # type: ignore[arg-type]  # read as they are set
    yield context.new_page()
    context.close()


def heads(page: Page) -> list[str]:
    return [re.split(r"\s", text.strip())[0] for text in page.locator("thead th").all_inner_texts()]


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("tbody th.a-1").all_inner_texts()]


def at(query: str) -> re.Pattern[str]:
    return re.compile(re.escape(f"{LIST}{query}") + "$")


def menu(page: Page, name: str) -> Locator:
    """Open a menu and give it."""
    page.locator(f"#menu-{name}").click()
    return page.locator(f"details:has(#menu-{name})")


# --- Columns, rows' height, zero ------------------------------------------------------------------
def test_columns_are_chosen_and_ordered_by_keyboard(page: Page) -> None:
    page.goto(LIST)

    page.locator("#menu-columns").focus()
    page.keyboard.press("Enter")
    down = page.get_by_role("button", name="Move Account down")
    down.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"columns=provider,account,"))
    expect(down).to_be_focused()
    expect(page.get_by_role("button", name="Move Holder up")).to_be_visible()

    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"columns=provider,holder,account,"))
    page.get_by_role("checkbox", name="Network").focus()
    page.keyboard.press("Space")
    page.get_by_role("checkbox", name="Ledger").focus()
    page.keyboard.press("Space")
    page.locator(".columns .btn.primary").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(
        at(
            "?columns=provider,holder,account,reference,currency,available,pending,fetched_at,ledger"
        )
    )
    assert heads(page)[:3] == ["Provider", "Holder", "Account"]
    assert heads(page)[-1] == "Ledger"
    expect(page.locator("#menu-columns")).to_be_focused()
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"columns=provider,account,"))
    expect(page.locator("thead th").nth(1)).to_have_text("Account")


def test_row_height_changes_at_once_and_stays_for_the_next_page(page: Page) -> None:
    page.goto(f"{LIST}?sort=account")
    before = page.locator("tbody td").first.bounding_box()
    menu(page, "columns").get_by_role("button", name="Compact").click()
    after = page.locator("tbody td").first.bounding_box()

    assert before is not None
    assert after is not None
    assert after["height"] < before["height"]
    expect(page).to_have_url(at("?sort=account"))
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")


def test_zero_is_hidden_and_shown_again_by_one_click_each(page: Page) -> None:
    page.goto(f"{LIST}?per_page=100")

    page.get_by_role("link", name="Hide 2 zero").click()
    expect(page).to_have_url(at("?balance=not_zero&per_page=100"))
    expect(page.locator(".count")).to_contain_text("2 zero hidden")
    assert len(names(page)) == ROWS - 2
    assert "Account 03" in names(page)
    expect(page.locator("#zero")).to_be_focused()

    page.get_by_role("link", name="Show them").click()
    expect(page).to_have_url(at("?per_page=100"))
    expect(page.locator("tbody th.a-1")).to_have_count(ROWS)
    page.go_back()
    expect(page).to_have_url(at("?balance=not_zero&per_page=100"))
    expect(page.locator("tbody th.a-1")).to_have_count(ROWS - 2)


def test_every_control_works_without_script(plain: Page) -> None:
    plain.goto(LIST)
    opened = menu(plain, "columns")
    opened.get_by_role("checkbox", name="Network").uncheck()
    opened.get_by_role("checkbox", name="Ledger").check()
    opened.get_by_role("button", name="Apply").click()
    own = "account,provider,holder,reference,currency,available,pending,fetched_at"
    expect(plain).to_have_url(at(f"?columns={own},ledger"))

    menu(plain, "columns").get_by_role("button", name="Move Ledger up").click()
    moved = f"?columns={own.removesuffix(',fetched_at')},ledger,fetched_at"
    expect(plain).to_have_url(at(moved))
    menu(plain, "columns").get_by_role("button", name="Compact").click()
    expect(plain).to_have_url(at(moved))
    expect(plain.locator("html")).to_have_attribute("data-density", "compact")
    menu(plain, "columns").get_by_role("link", name="Default columns").click()
    expect(plain).to_have_url(at(""))

    plain.get_by_role("link", name="Hide 2 zero").click()
    expect(plain).to_have_url(at("?balance=not_zero"))
    opened = menu(plain, "sort")
    opened.locator("select").select_option("account")
    opened.get_by_role("button", name="Add").click()
    expect(plain).to_have_url(at("?balance=not_zero&sort=currency,-available,account"))
    menu(plain, "rows").get_by_role("link", name="100").click()
    expect(plain).to_have_url(at("?balance=not_zero&sort=currency,-available,account&per_page=100"))
    assert len(names(plain)) == ROWS - 2


def test_a_filter_in_use_is_cleared_by_its_own_button_and_focus_goes_to_its_menu(
    page: Page,
) -> None:
    page.goto(f"{LIST}?network=Polygon&sort=account")

    page.get_by_role("link", name="Clear filter: Network").click()

    expect(page).to_have_url(at("?sort=account"))
    expect(page.locator("#pill-network")).to_have_text("Network")
    expect(page.locator("#pill-network")).to_be_focused()


@pytest.mark.parametrize("name", ["menu-columns", "pill-state", "menu-sort"])
def test_on_a_phone_every_menu_shows_the_button_that_ends_it(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(LIST)
    page.locator(f"#{name}").click()

    button = page.locator(f"details:has(#{name}) button[type='submit']:not([data-stay]), #then-add")
    expect(button.locator("visible=true")).to_be_in_viewport()


def test_a_fault_stands_at_its_menu_and_is_mended_there(page: Page, walk: Walk) -> None:
    page.goto(LIST)
    pill, fault = page.locator("#pill-currency"), page.locator("#pill-currency-fault")
    pill.click()
    box = page.locator("input[name=currency]").first
    box.evaluate("el => { el.value = 'US$'; el.checked = true; }")
    page.locator("details:has(#pill-currency) .menu-foot button").click()

    expect(fault).to_be_visible()
    expect(pill).to_have_accessible_description("is not a currency code: 'US$'")
    expect(page.locator("#balances-table tbody")).to_have_count(0)
    page.locator(".summary-errors li a").click()
    expect(pill).to_be_focused()
    page.get_by_role("link", name="Open the view without it").click()
    expect(page.locator("#balances-table tbody tr").first).to_be_visible()
    expect(fault).to_have_count(0)
    # The browser itself reports the answer's status.
    assert all("422" in complaint for complaint in walk.complaints)
    walk.complaints.clear()


def test_a_fault_stands_at_its_menu_without_script(plain: Page) -> None:
    plain.goto(f"{LIST}?sort=colour&per_page=201")

    for control in ("#menu-sort", "#menu-rows"):
        expect(plain.locator(f"{control}-fault")).to_be_visible()
    plain.locator("#menu-rows").click()
    plain.locator("#rows-50").click()
    expect(plain).to_have_url(at("?per_page=50"))
    expect(plain.locator("#balances-table tbody tr")).to_have_count(50)


# --- Sort -----------------------------------------------------------------------------------------
def test_a_third_click_drops_a_key_and_focus_stays_on_its_head(page: Page) -> None:
    page.goto(LIST)
    head = page.locator("#sort-account")

    for query in ("?sort=account", "?sort=-account", ""):
        head.click()
        expect(page).to_have_url(at(query))
        expect(head).to_be_focused()
    for query in ("?sort=-account", "?sort=account", ""):
        page.go_back()
        if query:
            expect(page).to_have_url(at(query))
    expect(page).to_have_url(at(""))


@pytest.mark.parametrize("released", [(0, 1), (1, 0)], ids=["in order", "the first last"])
def test_of_two_slow_answers_the_later_question_holds(
    page: Page, released: tuple[int, int]
) -> None:
    page.goto(LIST)
    held: list[Route] = []
    for key in ("provider", "account"):
        question = re.compile(rf"sort={key}$")
        page.route(question, lambda route: held.append(route))
        with page.expect_request(question):
            page.locator(f"#sort-{key}").click()
    wait_for(lambda: page.evaluate("1") and len(held) == 2)
    for number in released:
        held[number].continue_()

    expect(page.locator("#sort-account")).to_contain_text("sorted A to Z")
    page.wait_for_load_state("networkidle")
    expect(page).to_have_url(at("?sort=account"))
    assert names(page) == sorted(names(page))
    assert page.locator("#sort-provider").inner_text() == "Provider"


def test_a_double_click_on_a_head_leaves_rows_and_address_of_one_question(page: Page) -> None:
    page.goto(LIST)

    page.locator("#sort-account").dblclick()

    expect(page.locator("#sort-account")).to_contain_text("sorted")
    page.wait_for_load_state("networkidle")
    expect(page).to_have_url(re.compile(r"sort=-?account$"))
    assert names(page) == sorted(names(page), reverse="sort=-account" in page.url)


# --- Figures that change under a reader -----------------------------------------------------------
def grow() -> None:
    Balance.unscoped.filter(account__name="Account 00").update(available=Decimal("9999.99"))


def tick(page: Page) -> None:
    """Let the page ask, and wait for its answer."""
    with page.expect_response(lambda answer: LIST in answer.url):
        page.evaluate(TICK)
    page.wait_for_load_state("networkidle")


def test_without_news_nothing_is_replaced_or_said(page: Page) -> None:
    page.goto(f"{LIST}?sort=account")
    page.evaluate(MARK)
    tick(page)

    assert page.evaluate(MARKED)
    expect(page.locator("#balances-news")).to_be_hidden()
    assert page.locator("#status").inner_text() == ""


def test_on_page_two_new_figures_wait_until_asked_for(page: Page) -> None:
    page.goto(f"{LIST}?page=2")
    page.evaluate(MARK)
    first = page.locator("tbody tr").first.bounding_box()
    grow()
    tick(page)

    expect(page.locator("#balances-news")).to_contain_text("You are reading page 2")
    assert page.evaluate(MARKED)
    assert page.locator("tbody tr").first.bounding_box() == first
    assert page.locator("#status").inner_text() == ""
    tick(page)
    expect(page.locator("#balances-news .notice")).to_have_count(1)

    page.get_by_role("link", name="Show them").click()
    expect(page.locator("#balances-news .notice")).to_have_count(0)
    assert not page.evaluate(MARKED)
    assert page.evaluate("history.length") == 2
    expect(page).to_have_url(at("?page=2"))


def test_on_page_one_rows_are_read_anew_in_place(page: Page) -> None:
    page.goto(f"{LIST}?sort=account")
    page.locator("#q").focus()
    page.evaluate("scrollTo(0, 300)")
    page.evaluate(MARK)
    grow()
    page.evaluate(TICK)

    expect(page.locator("tbody tr").first).to_contain_text("9,999.99")
    expect(page.locator("#q")).to_be_focused()
    assert page.evaluate("scrollY") == 300
    assert page.locator("#status").inner_text() == ""
    assert page.evaluate("history.length") == 2
    page.evaluate(MARK)
    tick(page)
    assert page.evaluate(MARKED)


@pytest.mark.parametrize("among", ["focus", "menu", "selection"])
def test_who_is_in_the_list_keeps_its_rows(page: Page, among: str) -> None:
    page.goto(f"{LIST}?sort=account")
    page.evaluate(MARK)
    if among == "focus":
        page.locator("tbody th a").first.focus()
    elif among == "menu":
        page.locator("#pill-currency").click()
        page.get_by_role("checkbox", name="USD").check()
    else:
        page.locator("tbody th a").first.dblclick(modifiers=["Alt"])
        page.evaluate("getSelection().selectAllChildren(document.querySelector('tbody tr'))")
    grow()
    tick(page)

    expect(page.locator("#balances-news")).to_contain_text("New figures at")
    assert page.evaluate(MARKED)
    if among == "menu":
        expect(page.get_by_role("checkbox", name="USD")).to_be_checked()
        expect(page.get_by_role("checkbox", name="USD")).to_be_visible()


def test_a_state_that_changed_is_said(page: Page) -> None:
    page.goto(f"{LIST}?page=2")
    Scope.unscoped.update(error_code="timeout")
    tick(page)

    expect(page.locator("#status")).to_contain_text(f"{ROWS} not synced")


# --- Widths ---------------------------------------------------------------------------------------
def test_between_phone_and_desk_the_frame_scrolls_and_holds_the_first_column(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    page.goto(
        f"{LIST}?columns=account,provider,holder,reference,owner,currency,available,pending,ledger"
    )
    frame = page.locator(".table-wrap")
    name = page.locator("tbody th").first
    before = name.bounding_box()
    frame.evaluate("frame => frame.scrollLeft = 400")

    assert frame.evaluate("frame => frame.scrollLeft") > 0
    assert name.bounding_box() == before
    assert page.evaluate("scrollX") == 0


def test_at_the_desk_heads_stay_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 700})
    page.goto(f"{LIST}?per_page=100")
    page.evaluate("scrollTo(0, 1200)")

    box = page.locator("#sort-account").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 40


def test_on_a_phone_a_chosen_column_says_its_name(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{LIST}?columns=account,currency,available,owner,state")

    cell = page.locator("tbody tr").first.locator("td.a-x").last
    expect(cell).to_be_visible()
    assert "State" in cell.evaluate("cell => getComputedStyle(cell, '::before').content")
