"""Respect what a person asked of the system: forced colours, and nothing that moves."""

import pytest
from playwright.sync_api import Page

from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.browser.pages import LIST, let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

MOVING = "document.getAnimations().map((each) => each.effect.target.className)"
# A part that loads and a button that works are all that moves anywhere; both stand for a moment only.
WORK = """() => {
    document.querySelector('.btn').setAttribute('aria-busy', 'true');
    document.querySelector('main').insertAdjacentHTML('beforeend', '<i class="bone w1"></i>');
    document.getElementById('loadbar').classList.add('htmx-request');
}"""
SYSTEM = """(name) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = name;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
}"""
STYLE = "(el, [name, part]) => getComputedStyle(el, part || null)[name]"


def style(page: Page, css: str, name: str, part: str = "") -> str:
    """Return a computed property of the first element found."""
    return str(page.locator(css).first.evaluate(STYLE, [name, part]))


def system(page: Page, name: str) -> str:
    """Return a colour of the person's own palette."""
    return str(page.evaluate(SYSTEM, name))


def are_lined(page: Page, css: str) -> bool:
    """Tell whether the current one of some links is underlined in the colour of what is chosen, and it alone."""
    lines = [
        style(page, f"{css}{which}", "borderBottomColor")
        for which in ("[aria-current]", ":not([aria-current])")
    ]
    return lines == [system(page, "Highlight"), system(page, "Canvas")]


def is_framed(page: Page, css: str, *, colour: str = "Highlight") -> bool:
    """Tell whether a solid line in the colour stands around the first element found."""
    line = (style(page, css, "outlineStyle"), style(page, css, "outlineColor"))
    return line == ("solid", system(page, colour))


def test_nothing_moves_for_who_asked_for_stillness(
    walk: Walk, filled: Simulator, alice: User
) -> None:
    let_in(walk, alice)
    walk.page.emulate_media(reduced_motion="reduce")
    for path in ("/acme/", LIST, "/acme/sync-runs/", "/acme/providers/", "/acme/activity/"):
        walk.page.goto(path)
        assert walk.page.evaluate(MOVING) == [], path
    walk.page.goto("/acme/")
    walk.page.evaluate(WORK)
    assert walk.page.evaluate(MOVING) == []
    walk.page.emulate_media(reduced_motion="no-preference")
    assert walk.page.evaluate(MOVING) != []


@pytest.fixture
def page(walk: Walk, filled: Simulator, alice: User) -> Page:
    """Give alice's tab, drawn in the colours of her system."""
    let_in(walk, alice)
    walk.page.emulate_media(forced_colors="active")
    return walk.page


def test_forced_colours_keep_what_colour_told(page: Page) -> None:
    page.goto("/acme/")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    for meaningful in (".ticks", ".bar", ".key"):
        assert style(page, meaningful, "forcedColorAdjust") == "none", meaningful
    assert len({style(page, f".legend .key.s{slot}", "backgroundColor") for slot in (1, 2, 3)}) == 3
    assert is_framed(page, ".totals > li", colour="CanvasText")

    page.evaluate(
        "document.querySelector('main').innerHTML = '<progress max=2 value=1></progress>'"
    )
    assert style(page, "progress", "forcedColorAdjust") == "none"
    assert style(page, "progress", "borderTopStyle") == "solid"
    assert style(page, "progress", "backgroundColor") == system(page, "Canvas")
    assert style(page, "#loadbar", "backgroundColor") == system(page, "Highlight")


def test_forced_colours_mark_what_is_chosen_and_nothing_else(page: Page) -> None:
    page.goto(LIST)
    assert system(page, "Highlight") not in (system(page, "Canvas"), system(page, "CanvasText"))
    assert are_lined(page, ".nav a")
    assert are_lined(page, ".views a")
    assert is_framed(page, ".pager a[aria-current]")
    assert not is_framed(page, ".pager a:not([aria-current])")
    page.locator("#menu-columns").click()
    assert is_framed(page, ".seg [aria-pressed='true']")
    assert not is_framed(page, ".seg [aria-pressed='false']")
    page.locator("#q").focus()
    assert is_framed(page, "#q")

    page.goto(f"{LIST}?currency=EUR")
    assert is_framed(page, "#pill-currency")
    assert not is_framed(page, "#pill-provider")
    page.goto("/acme/sync-runs/")
    assert is_framed(page, ".seg [aria-current]")
    assert not is_framed(page, ".seg a:not([aria-current])")
    page.goto("/acme/providers/add/payman/")
    assert is_framed(page, ".choice[aria-current]")
    assert not is_framed(page, ".choice:not([aria-current])")
    page.goto("/acme/people/invite/")
    assert is_framed(page, ".choice:has(:checked)")
    assert not is_framed(page, ".choice:not(:has(:checked))")
