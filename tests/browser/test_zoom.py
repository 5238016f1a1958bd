"""Space the text as WCAG 1.4.12 says, and zoom to 400 %: nothing is cut off, covered or pushed aside."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import ViewportSize

from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.browser.measures import CLIPPED, OVERLAPS, SIDEWAYS, WIDER
from tests.browser.pages import addresses, let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
        p { margin-block-end: 2em !important; }`);
    document.adoptedStyleSheets = [sheet];
}"""
# A window of 1280 by 1024 at 400 % is one of 320 by 256.
ZOOMED: ViewportSize = {"width": 320, "height": 256}


def faults(walk: Walk, where: str, *questions: str) -> Iterator[str]:
    """Ask each question about the page as it stands."""
    for question in questions:
        yield from (f"{where}: {fault}" for fault in walk.page.evaluate(question))


def test_spaced_or_zoomed_text_is_neither_cut_off_nor_covered(
    walk: Walk, filled: Simulator, alice: User
) -> None:
    let_in(walk, alice)
    found: list[str] = []
    for path, _status in addresses():
        walk.page.set_viewport_size(ZOOMED)
        walk.page.goto(path)
        found += faults(walk, f"{path} at 400 %", WIDER, CLIPPED, OVERLAPS, SIDEWAYS)
        walk.page.evaluate(SPACED)
        for width in (1440, 390):
            walk.page.set_viewport_size({"width": width, "height": 900})
            found += faults(walk, f"{path} spaced at {width}", WIDER, CLIPPED, OVERLAPS)
    assert not found, "\n".join(found)
