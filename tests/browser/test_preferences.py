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
STYLE = "(el, [name, part]) => getComputedStyle(el, part || null)[name]"


def style(page: Page, css: str, name: str, part: str = "") -> str:
    """Return a computed property of the first element found."""
    return str(page.locator(css).first.evaluate(STYLE, [name, part]))


def differs(page: Page, chosen: str, other: str, name: str) -> bool:
    """Tell whether what is chosen looks unlike the rest."""
    return style(page, chosen, name) != style(page, other, name)


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


def test_forced_colours_keep_what_colour_told(walk: Walk, filled: Simulator, alice: User) -> None:
    let_in(walk, alice)
    page = walk.page
    page.emulate_media(forced_colors="active")
    page.goto("/acme/")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    for meaningful in (".ticks", ".bar", ".key"):
        assert style(page, meaningful, "forcedColorAdjust") == "none", meaningful
    assert len({style(page, f".legend .key.s{slot}", "backgroundColor") for slot in (1, 2, 3)}) == 3
    assert differs(page, ".nav a[aria-current]", ".nav a:not([aria-current])", "borderBottomColor")

    page.goto(LIST)
    page.locator("#q").focus()
    assert style(page, "#q", "outlineStyle") == "solid"
    assert differs(page, "#q", "main", "outlineColor")
    assert differs(
        page, ".views a[aria-current]", ".views a:not([aria-current])", "borderBottomColor"
    )
    assert differs(page, ".pager a[aria-current]", ".pager a:not([aria-current])", "outlineStyle")
    page.goto(f"{LIST}?currency=EUR")
    assert differs(page, "#pill-currency", "#pill-provider", "borderTopStyle")

    page.goto("/acme/sync-runs/")
    assert differs(page, ".seg [aria-current]", ".seg a:not([aria-current])", "outlineStyle")
    page.evaluate(
        "document.querySelector('main').innerHTML = '<progress max=2 value=1></progress>'"
    )
    assert style(page, "progress", "forcedColorAdjust") == "none"
