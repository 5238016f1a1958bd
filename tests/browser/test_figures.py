"""Read figures as a person does: aligned at their points, whole, and plain numbers once copied."""

import pytest
from playwright.sync_api import Locator, Page, expect

from balances.models import Balance
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.balances.closings.histories import close_all, grow
from tests.browser.pages import LIST, let_in
from tests.conftest import Walk
from tests.screen import stop_clock

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "12345678901234567890.123456789012345678"
BOX = "element => { const box = element.getBoundingClientRect(); return [box.left, box.right] }"
SELECT = """([element, from, to]) => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let seen = 0, node; (node = texts.nextNode()); seen += node.length) {
        if (from >= seen && from <= seen + node.length) range.setStart(node, from - seen);
        if (to >= seen && to <= seen + node.length) { range.setEnd(node, to - seen); break; }
    }
    document.getSelection().removeAllRanges();
    document.getSelection().addRange(range);
}"""


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def page(walk: Walk, alice: User) -> Page:
    let_in(walk, alice)
    walk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return walk.page


@pytest.fixture
def balances(acme: Tenant) -> dict[str, Balance]:
    credential = make_credential(acme, provider="payiano")
    figures = {
        "Fund 1,000": "-1284406.18",
        "Long": LONG,
        "Small": "0.5",
        "Zero": "0",
    }
    found = {
        name: make_balance(credential, "USD", figure, name=name, pending="1234567")
        for name, figure in figures.items()
    }
    return found | {"Yen": make_balance(credential, "JPY", "184200450", name="Yen")}


def copied(page: Page) -> str:
    page.keyboard.press("Control+c")
    text: str = page.evaluate("() => navigator.clipboard.readText()")
    return text.strip()


def row(page: Page, name: str) -> Locator:
    return page.locator("#balances-table tbody tr", has_text=name)


# --- Copied ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "figure"),
    [("Fund 1,000", "-1284406.18"), ("Long", LONG), ("Zero", "0.00"), ("Yen", "184200450")],
)
def test_cell_is_copied_as_a_plain_number(
    page: Page, balances: dict[str, Balance], name: str, figure: str
) -> None:
    page.goto(LIST)

    row(page, name).locator("td.num .amt").first.click(click_count=3)

    assert copied(page) == figure


def test_part_of_a_figure_is_copied_as_plain_as_the_whole(
    page: Page, balances: dict[str, Balance]
) -> None:
    page.goto(LIST)
    figure = row(page, "Fund 1,000").locator(".amt").first.element_handle()

    page.evaluate(SELECT, [figure, 3, 12])  # of −1,284,406.18

    assert copied(page) == "284406.1"


def test_row_is_copied_with_plain_figures_and_its_name_as_it_is(
    page: Page, balances: dict[str, Balance]
) -> None:
    page.goto(f"{LIST}?columns=account_name,currency,available,pending")

    row(page, "Fund 1,000").evaluate("row => document.getSelection().selectAllChildren(row)")

    cells = [cell.strip() for cell in copied(page).split("\t")]
    assert cells == ["Fund 1,000", "USD", "-1284406.18", "1234567.00"]


def test_figure_of_a_balance_is_copied_plain_beside_its_code(
    page: Page, balances: dict[str, Balance]
) -> None:
    page.goto(f"{LIST}{balances['Fund 1,000'].public_id}/")

    page.locator(".big").click(click_count=3)

    assert " ".join(copied(page).split()).removeprefix("USD").strip() == "-1284406.18"


def test_text_without_figures_is_copied_as_it_is(page: Page, balances: dict[str, Balance]) -> None:
    page.goto(LIST)

    row(page, "Fund 1,000").locator("th a").evaluate(
        "link => document.getSelection().selectAllChildren(link)"
    )

    assert copied(page) == "Fund 1,000"


# --- Read by the pointer --------------------------------------------------------------------------
def test_pointer_reads_a_balances_days_and_says_what_was_not_confirmed(
    page: Page, acme: Tenant
) -> None:
    credential = make_credential(acme, provider="payiano")
    balance = grow(credential, ["10", "20", None, "-5.5"])
    close_all(credential)
    page.goto(f"{LIST}{balance.public_id}/")
    area, readout = page.locator(".plot-area"), page.locator(".readout")
    expect(readout).to_have_text("USD\u00a0−5.50available, today so far, 10:59")
    box = area.bounding_box()
    assert box is not None

    for share, said in (
        (0, "10.0017 Nov, confirmed: yes"),
        (2 / 3, "20.0019 Nov, confirmed: carried forward from 19 Nov, 10:00"),
        (0.99, "−5.5020 Nov, so far, 10:59, confirmed: yes"),
    ):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 20)
        expect(readout).to_have_text(f"USD\u00a0{said}")

    page.mouse.move(1, 1)
    expect(readout).to_have_text("USD\u00a0−5.50available, today so far, 10:59")


# --- Aligned --------------------------------------------------------------------------------------
@pytest.mark.parametrize("width", [1440, 1024])
def test_points_stand_under_each_other_however_many_decimals_there_are(
    page: Page, balances: dict[str, Balance], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(LIST)

    decimals = page.locator("#balances-table td.a-2 > .amt > .frac").all()
    edges = {tuple(round(edge) for edge in each.evaluate(BOX)) for each in decimals}

    assert len(decimals) == 7  # five rows, two totals
    assert len(edges) == 1
    assert (
        page.locator("#balances-table table").evaluate("table => table.className").endswith("dp-18")
    )
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_digits_beyond_the_currencys_are_there_and_readable(
    page: Page, balances: dict[str, Balance]
) -> None:
    page.goto(LIST)

    beyond = row(page, "Long").locator(".beyond").first

    assert beyond.inner_text() == LONG.partition(".")[2][2:]
    assert beyond.evaluate("element => getComputedStyle(element).opacity") == "1"
