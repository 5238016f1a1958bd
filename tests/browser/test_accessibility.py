"""Ask axe-core about every page, each menu open once: WCAG A and AA and best practice, both ends, both themes."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.browser.pages import LIST, addresses, let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

AXE = Path(__file__).parent / "vendor/axe-core/axe-4.14.1.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
ASK = """async (tags) => (await axe.run(document, {
    runOnly: {type: 'tag', values: tags}, rules: {'target-size': {enabled: true}}, resultTypes: ['violations'],
})).violations.flatMap((v) => v.nodes.map((n) => [v.id, n.target.join(' '), n.failureSummary]))"""
FRAMES = tuple(itertools.product((1440, 390), ("light", "dark")))


def show(page: Page, path: str, status: int, frame: tuple[int, str]) -> None:
    """Open a page in one width and theme, with axe beside it."""
    width, theme = frame
    page.set_viewport_size({"width": width, "height": 900})
    scheme: Any = theme
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status, path
    page.evaluate(AXE.read_text())


def faults(page: Page, where: str) -> list[str]:
    """Return what axe finds against the page as it stands."""
    found = page.evaluate(ASK, TAGS)
    return [f"{where}: {rule} at {at}: {why}" for rule, at, why in found]


def open_each(page: Page, where: str, known: set[str]) -> list[str]:
    """Return what axe finds with each menu open that was not seen open before."""
    found = []
    for name, summary in [
        (" ".join((summary.text_content() or "").split()), summary)
        for summary in page.query_selector_all("details:not([open]) > summary")
        if summary.is_visible()
    ]:
        if name not in known:
            known.add(name)
            summary.evaluate("summary => summary.parentElement.open = true")
            found += faults(page, f"{where}, {name} open")
            summary.evaluate("summary => summary.parentElement.open = false")
    return found


def walk_through(
    page: Page, pages: Iterable[tuple[str, int]], count: Callable[[int], int]
) -> list[str]:
    """Ask about every page in all frames, or each in the next of them where a tenth will do."""
    found = []
    known: dict[tuple[int, str], set[str]] = {frame: set() for frame in FRAMES}
    for turn, (path, status) in enumerate(pages):
        for step in range(count(len(FRAMES))):
            frame = FRAMES[(turn + step) % len(FRAMES)]
            where = f"{path} at {frame[0]} {frame[1]}"
            show(page, path, status, frame)
            found += faults(page, where) + open_each(page, where, known[frame])
    return found


def test_axe_finds_nothing_on_any_page_of_an_admin(
    walk: Walk, filled: Simulator, alice: User, count: Callable[[int], int]
) -> None:
    let_in(walk, alice)
    found = walk_through(walk.page, addresses(), count)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_with_the_list_of_keys_open(
    walk: Walk, acme: Tenant, alice: User
) -> None:
    let_in(walk, alice)
    for frame in FRAMES:
        show(walk.page, LIST, 200, frame)
        walk.page.keyboard.press("?")
        walk.page.locator("#shortcuts[open]").wait_for()
        assert faults(walk.page, f"the list of keys at {frame[0]} {frame[1]}") == []


def test_axe_finds_nothing_where_a_role_ends(
    walk: Walk, bob: User, count: Callable[[int], int]
) -> None:
    let_in(walk, bob)
    pages = [("/acme/", 200), (LIST, 200), ("/acme/people/invite/", 403), ("/globex/", 404)]
    found = walk_through(walk.page, pages, count)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_at_the_door(
    walk: Walk, acme: Tenant, count: Callable[[int], int]
) -> None:
    pages = [("/accounts/login/", 200), ("/accounts/password/reset/", 200)] * 2
    found = walk_through(walk.page, pages, count)
    assert not found, "\n".join(found)

    walk.page.goto("/accounts/login/")
    walk.page.get_by_label("E-mail").fill("nobody@acme.example")
    walk.page.get_by_label("Password", exact=True).fill("wrong")
    walk.page.get_by_role("button", name="Sign in").click()
    walk.page.get_by_role("alert").wait_for()
    walk.page.evaluate(AXE.read_text())
    assert faults(walk.page, "sign-in refused") == []
