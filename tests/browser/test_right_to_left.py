"""Show every page in a language written from right to left: all mirrors, and no figure changes."""

from typing import Any

import pytest

from providers.tenancy.models import User
from tests.browser.measures import OVERLAPS, SIGNS, WIDER
from tests.browser.pages import addresses, let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

# What is data must be the same in every language: figures, instants, drawings, what forms send, where links lead.
DATA = """() => {
    const all = (css, read) => [...document.querySelectorAll(css)].map(read);
    return {
        amounts: all('.amt:not(.none)', (el) => el.textContent),
        instants: all('time', (el) => el.dateTime),
        drawings: all('.bar rect, .plot path, .spark path', (el) => el.outerHTML.replace(/<title>.*/, '')),
        values: all('input:not([type=hidden]), select', (el) => el.value),
        links: all('main a[href]', (el) => el.getAttribute('href')),
    };
}"""
SIDE = "el => el.getBoundingClientRect().left"


def faults(walk: Walk) -> list[str]:
    """Return what is wrong with the page as it stands."""
    return [fault for ask in (WIDER, OVERLAPS, SIGNS) for fault in walk.page.evaluate(ask)]


def test_every_page_mirrors_cleanly(walk: Walk, alice: User, foreign: None) -> None:
    let_in(walk, alice)
    walk.page.set_viewport_size({"width": 1024, "height": 900})
    found = []
    for path, _status in addresses():
        walk.page.goto(path)
        assert walk.page.locator("html").get_attribute("dir") == "rtl"
        found += [f"{path}: {fault}" for fault in faults(walk)]
    assert not found, "\n".join(found)
    assert walk.page.locator(".logo").evaluate(SIDE) > 900


def test_no_figure_changes_with_the_language(
    walk: Walk, alice: User, filled: Any, speak: Any
) -> None:
    let_in(walk, alice)
    pages = [path for path, _status in addresses()]
    said = {}
    for path in pages:
        walk.page.goto(path)
        said[path] = walk.page.evaluate(DATA)
    speak()
    for path in pages:
        walk.page.goto(path)
        for kind, texts in walk.page.evaluate(DATA).items():
            assert texts == said[path][kind], f"{kind} of {path}"
