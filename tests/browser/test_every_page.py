"""Open every page in Chromium: nothing complains, and nothing is wider than the window."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from providers.models import Credential
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.browser.measures import WIDER
from tests.browser.pages import LIST, THEMES, WIDTHS, addresses, let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

# A blocked style or script must not pass in silence, whatever the browser makes of it.
LISTEN = """addEventListener('securitypolicyviolation',
    (e) => console.error(`${e.violatedDirective} refused ${e.blockedURI} ${e.sample}`))"""
# A page that answers 4xx or 5xx is named in the console by Chromium itself.
EXPECTED = "Failed to load resource: the server responded with a status of {}"


def frames() -> Iterator[tuple[int, Any]]:
    """Give every width in both themes."""
    return itertools.product(WIDTHS, THEMES)


def wide(walk: Walk) -> Iterator[str]:
    """Name in which frames the page as it stands is wider than the window."""
    for width, theme in frames():
        walk.page.set_viewport_size({"width": width, "height": 900})
        walk.page.emulate_media(color_scheme=theme)
        yield from (f"at {width} {theme}: {wider}" for wider in walk.page.evaluate(WIDER))


def faults(walk: Walk, path: str, status: int) -> Iterator[str]:
    """Name what is wrong with one page: its status, what the console says, what sticks out."""
    walk.complaints.clear()
    answer = walk.page.goto(path)
    assert answer is not None
    if answer.status != status:
        yield f"{path}: {answer.status} in place of {status}"
    yield from (f"{path} {wider}" for wider in wide(walk))
    known = EXPECTED.format(status)
    yield from (f"{path}: {text}" for text in walk.complaints if not text.startswith(known))


def look(walk: Walk, pages: list[tuple[str, int]]) -> None:
    """Open the pages one after the other, and say all that is wrong at once."""
    walk.page.context.add_init_script(LISTEN)
    found = [fault for path, status in pages for fault in faults(walk, path, status)]
    assert not found, "\n".join(found)


def test_every_page_of_an_admin_is_silent_and_fits(
    walk: Walk, filled: Simulator, alice: User
) -> None:
    let_in(walk, alice)
    look(walk, list(addresses()))


def test_every_page_of_a_viewer_is_silent_and_fits(
    walk: Walk, filled: Simulator, bob: User
) -> None:
    let_in(walk, bob)
    look(walk, [("/acme/", 200), (LIST, 200), ("/acme/people/invite/", 403), ("/globex/", 404)])


def test_every_page_at_the_door_is_silent_and_fits(walk: Walk, acme: Tenant) -> None:
    look(walk, [("/accounts/login/", 200), ("/accounts/password/reset/", 200)])


def test_pages_of_failure_are_silent_and_fit(
    walk: Walk, acme: Tenant, alice: User, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.providers.tenancy.urls"
    let_in(walk, alice)
    look(walk, [("/acme/broken/", 500), ("/acme/unreachable/", 503)])


def test_a_refused_key_is_told_in_the_width_there_is(
    walk: Walk, filled: Simulator, alice: User
) -> None:
    walk.page.context.add_init_script(LISTEN)
    let_in(walk, alice)
    walk.page.goto(f"/acme/providers/{Credential.unscoped.get(provider='payiano').public_id}/")
    walk.page.locator("summary.secret").click()
    walk.page.locator("#id_access_token").fill("a-token-that-nobody-gave")
    walk.page.get_by_role("button", name="Test", exact=True).click()
    walk.page.locator(".result .state.bad").wait_for()
    assert list(wide(walk)) == []
    assert walk.complaints == []


def test_a_style_attribute_would_be_heard(walk: Walk, acme: Tenant) -> None:
    walk.page.context.add_init_script(LISTEN)
    walk.page.goto("/accounts/login/")
    walk.page.evaluate("document.body.innerHTML = '<p style=\"color: red\">x'")
    assert any("style-src" in text for text in walk.complaints)
