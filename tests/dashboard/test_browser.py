"""Walk the pages in a real browser: the content security policy is kept, and nothing fails on the way."""

import re

import pytest
from playwright.sync_api import Page, expect

from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.balances.closings.histories import close_all, grow
from tests.conftest import PASSWORD, Walk
from tests.screen import stop_clock

pytestmark = pytest.mark.django_db(transaction=True)

# The tops of the figures, by the row of cards they stand in.
HEIGHTS = """() => Object.values(Object.groupBy([...document.querySelectorAll('.totals .total-fig')],
    (el) => Math.round(el.parentElement.getBoundingClientRect().top)))
    .map((row) => row.map((el) => Math.round(el.getBoundingClientRect().top)))"""


def sign_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_pages_keep_the_policy_and_raise_no_error(walk: Walk, acme: Tenant, alice: User) -> None:
    sign_in(walk.page, alice)
    expect(walk.page).to_have_url(f"{walk.url}/acme/")

    for path in ("balances/", "balances/?currency=USD&sort=-available", "providers/", "sync-runs/"):
        answer = walk.page.goto(f"/acme/{path}")
        assert answer is not None
        assert answer.status == 200, path
        walk.page.wait_for_load_state("networkidle")

    assert walk.complaints == []


def test_chart_is_read_by_keyboard_as_by_pointer(
    walk: Walk, acme: Tenant, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_clock(monkeypatch, NOW)
    payiano = make_credential(acme, provider="payiano")
    grow(payiano, ["10", "20", None, "40"])
    close_all(payiano)
    sign_in(walk.page, alice)
    slider, readout = walk.page.get_by_role("slider"), walk.page.locator(".readout")
    usual = readout.inner_text()

    slider.focus()
    walk.page.keyboard.press("Home")
    expect(readout).to_contain_text("10.00")
    expect(readout).to_contain_text("confirmed: 1 of 1")
    walk.page.keyboard.press("End")
    walk.page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("confirmed: 0 of 1, 20.00"))
    slider.hover(position={"x": 1, "y": 20})
    expect(readout).to_contain_text("10.00")
    slider.evaluate("area => area.blur()")
    walk.page.mouse.move(0, 0)

    assert readout.inner_text() == usual
    assert walk.complaints == []


@pytest.mark.parametrize("width", [1440, 1024, 820])
def test_figures_of_a_row_stand_at_one_height_whatever_stands_above_them(
    walk: Walk, acme: Tenant, alice: User, width: int
) -> None:
    payiano = make_credential(acme, provider="payiano")
    for currency in ("AED", "EGP", "EUR", "USD"):
        make_balance(payiano, currency, "10")
    for trouble in ({"error_code": "timeout"}, {"held_at": NOW}, {"read_at": None}):
        make_balance(payiano, "EGP", "10", scope=make_scope(payiano, **trouble))
    walk.page.set_viewport_size({"width": width, "height": 900})
    sign_in(walk.page, alice)
    walk.page.locator(".total-tags").first.wait_for()

    rows = walk.page.evaluate(HEIGHTS)

    assert rows
    assert [len(set(tops)) for tops in rows] == [1] * len(rows)


@pytest.mark.parametrize("width", [1440, 1024])
def test_name_of_what_moved_farthest_is_shown_whole(
    walk: Walk, acme: Tenant, alice: User, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    stop_clock(monkeypatch, NOW)
    payiano = make_credential(acme, provider="payiano")
    grow(payiano, ["10000000", "38079547.12"], name="Meridian Trading Settlement")
    close_all(payiano)
    walk.page.set_viewport_size({"width": width, "height": 900})
    sign_in(walk.page, alice)
    name = walk.page.locator(".changes a")

    assert name.inner_text() == "Meridian Trading Settlement"
    assert name.evaluate("el => el.scrollWidth <= el.clientWidth")


def test_stranger_is_led_to_the_door(walk: Walk, acme: Tenant) -> None:
    walk.page.goto("/acme/balances/?currency=USD")

    expect(walk.page).to_have_url(
        f"{walk.url}/accounts/login/?next=/acme/balances/%3Fcurrency%3DUSD"
    )
    assert walk.complaints == []
