"""Measure in a real browser what the bar and the strip keep readable where there is little room."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.conftest import Walk
from tests.dashboard.test_browser import sign_in
from tests.screen import stop_clock

pytestmark = pytest.mark.django_db(transaction=True)

FITS = "el => el.scrollWidth <= el.clientWidth"
TOPS = "found => found.map(el => Math.round(el.getBoundingClientRect().top))"


@pytest.fixture
def page(walk: Walk, acme: Tenant, alice: User, monkeypatch: pytest.MonkeyPatch) -> Page:
    """Open the overview of a tenant of whose four connections one fails in part."""
    stop_clock(monkeypatch, NOW)
    Tenant.objects.filter(pk=acme.pk).update(name="Meridian Trading")
    for name in ("Collections of the north", "Main", "Second"):
        make_credential(acme, name=name, last_succeeded_at=NOW, due_at=NOW + timedelta(minutes=5))
    treasury = make_credential(acme, provider="payman", name="Treasury", last_succeeded_at=NOW)
    failed = make_scope(treasury, error_code="timeout", failing_since=NOW, row_count=1)
    make_balance(treasury, scope=failed, name="Juniper Labs")
    sign_in(walk.page, alice)
    walk.page.locator(".strip").wait_for()
    return walk.page


@pytest.mark.parametrize("width", [1440, 1280, 1100, 1024, 900, 390])
def test_tenants_name_is_shown_whole_beside_the_pill(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})

    assert page.locator(".tenant > summary > span").first.evaluate(FITS)
    assert page.locator("body").evaluate(FITS)
    expect(page.locator(".sync-pill")).to_contain_text("3 of 4 live connections up to date")


@pytest.mark.parametrize("width", [1440, 1280, 1100, 1024, 768])
def test_strips_ticks_stand_at_one_height_and_the_next_run_is_shown(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})

    tops = page.locator(".strip .ticks").evaluate_all(TOPS)
    per_row = 2 if width < 1024 else 4
    rows = [tops[n : n + per_row] for n in range(0, len(tops), per_row)]

    assert [len(set(row)) for row in rows] == [1] * len(rows)
    for note in page.locator(".strip-note > :first-child").all()[:3]:
        expect(note.locator(".more")).to_be_visible()
        assert note.evaluate(FITS)
