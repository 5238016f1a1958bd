"""Print the pages that are put on paper: A4 landscape, light, without what only a screen can use."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize

from balances.models import Balance
from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.browser.measures import WIDER
from tests.browser.pages import LIST, let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

# A4 on its side, in points; and between its margins of 12 mm, in CSS pixels.
A4 = (841.9, 595.0)
PAPER: ViewportSize = {"width": 1032, "height": 688}
CHROME = (
    "header, .pager a, .pager ol, .views, .tools, .search, .head-actions, footer, .seg, .menu, .btn, .link-btn,"
    " .manage, form, button, #zero"
)
SEEN = "(css) => [...document.querySelectorAll(css)].filter((el) => el.checkVisibility()).map((el) => el.outerHTML)"
OPEN = "document.querySelectorAll('details').forEach((el) => { el.removeAttribute('name'); el.open = true; })"
SHUT = "document.querySelectorAll('details').forEach((el) => { el.open = false; })"
TOP = "el => el.getBoundingClientRect().top"
BREAKS = "el => getComputedStyle(el).breakInside"
COLUMNS = "el => getComputedStyle(el).gridTemplateColumns.split(' ').length"


@pytest.fixture
def page(walk: Walk, filled: Simulator, alice: User) -> Page:
    """Give alice's tab as paper sees it, though she works in the dark."""
    let_in(walk, alice)
    walk.page.set_viewport_size(PAPER)
    walk.page.emulate_media(media="print", color_scheme="dark")
    return walk.page


def sheets(page: Page) -> list[tuple[float, float]]:
    """Print, and return the size of every sheet in points."""
    boxes = re.findall(
        rb"/MediaBox *\[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True)
    )
    return [(float(width), float(height)) for width, height in boxes]


def show(page: Page, path: str) -> None:
    """Open a page, leave every menu open as one may, and hold the page to what every paper must be."""
    page.goto(path)
    page.evaluate(OPEN)
    assert page.evaluate(SEEN, CHROME) == [], path
    assert page.evaluate(WIDER) == [], path
    assert page.locator("h1").is_visible()
    assert (
        page.locator("body").evaluate("el => getComputedStyle(el).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    for size in sheets(page):
        assert size == pytest.approx(A4, abs=1)


def test_balances_print_with_their_filter_and_totals_after_the_last_row(page: Page) -> None:
    show(page, f"{LIST}?currency=EUR&per_page=100")

    assert "confirmed since" in page.locator("#freshness").inner_text()
    assert page.locator(".chip").inner_text().strip() == "Currency is EUR"
    assert "Acme" in page.locator(".print-only").inner_text()
    assert page.get_by_role("columnheader", name="Reference").is_visible()
    last = page.locator("#balances-table tbody tr").last.evaluate(TOP)
    assert page.locator("tfoot tr").first.evaluate(TOP) > last
    page.emulate_media(media="screen")
    assert not page.locator(".print-only").is_visible()


def test_paper_says_how_many_of_the_balances_it_shows(page: Page) -> None:
    show(page, f"{LIST}?per_page=25")

    rows = page.locator("#balances-table tbody tr").count()
    said = page.locator(".pager").inner_text().strip()
    assert re.fullmatch(rf"1 to {rows} of \d+\. Totals cover all \d+\.", said), said


def test_heads_repeat_and_totals_do_not_on_a_table_of_several_sheets(page: Page) -> None:
    show(page, f"{LIST}?per_page=100")

    assert len(sheets(page)) > 1
    display = "el => getComputedStyle(el).display"
    assert page.locator("#balances-table thead").evaluate(display) == "table-header-group"
    assert page.locator("#balances-table tfoot").evaluate(display) == "table-row-group"


def test_overview_fills_its_sheets_with_charts_side_by_side(page: Page) -> None:
    show(page, "/acme/")
    page.evaluate(SHUT)

    side_by_side = "els => new Set(els.map((el) => el.getBoundingClientRect().top)).size === 1"
    assert page.locator(".cols.halves > .sheet").evaluate_all(side_by_side)
    assert page.locator(".totals > li").first.evaluate(BREAKS) == "avoid"
    assert page.locator(".totals").evaluate(BREAKS) == "auto"
    assert page.locator(".cols > .sheet").first.evaluate(BREAKS) == "avoid"
    assert page.locator(".totals").evaluate(COLUMNS) == 4
    assert len(sheets(page)) <= 3


def test_overview_and_detail_print(page: Page) -> None:
    show(page, "/acme/")
    assert page.locator(".bar").first.is_visible()
    assert page.locator(".total-fig").first.is_visible()

    show(page, f"{LIST}{Balance.unscoped.filter(currency='EGP')[0].public_id}/")
    assert page.get_by_role("heading", name="About").is_visible()


def test_lists_print_without_the_menus_of_their_rows(page: Page) -> None:
    for path in ("/acme/providers/", "/acme/sync-runs/", "/acme/people/", "/acme/activity/"):
        show(page, path)
        assert page.locator("main table tbody tr").first.is_visible(), path
