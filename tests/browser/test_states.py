"""Bring about every empty, loading, failed and in-between state as it comes about in life, and read its words."""

import http.client
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from balances import tasks
from balances.closings.models import ClosingDay
from balances.models import Balance
from providers.models import Credential, Heartbeat
from providers.simulator.server import Simulator
from providers.tenancy.models import Membership, Role, Tenant, User
from tests.browser.pages import LIST, let_in
from tests.cluster import free_port
from tests.conftest import Walk, make_person
from tests.processes import Processes, Started, wait_for
from tests.sync.worlds import connect

pytestmark = pytest.mark.django_db(transaction=True)
# Two suites may share two cores.
expect.set_options(timeout=15_000)


# What the page does every 30 s while it is looked at.
TICK = "htmx.trigger(document.body, 'tick')"


@pytest.fixture
def page(walk: Walk, alice: User) -> Page:
    """Give alice's tab."""
    let_in(walk, alice)
    return walk.page


@pytest.fixture
def theirs(browser: Browser, live_server: LiveServer, bob: User) -> Iterator[Page]:
    """Give the tab of bob, who only reads."""
    context = browser.new_context(base_url=live_server.url)
    walk = Walk(context.new_page(), live_server.url, [])
    let_in(walk, bob)
    yield walk.page
    context.close()


@pytest.fixture
def payiano(acme: Tenant, simulator: Simulator, settings: Any) -> Credential:
    """Read Payiano once."""
    settings.POLL_FLOOR_SECONDS = 0
    credential = connect(acme, simulator, "payiano", name="Main")
    tasks.sync(credential.pk)
    return credential


def opened(page: Page, path: str, *, status: int) -> Response:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status, path
    return answer


# --- Nothing yet ----------------------------------------------------------------------------------
def test_an_empty_tenant_leads_its_admin_to_a_provider_and_names_the_admin_to_others(
    page: Page, theirs: Page
) -> None:
    for path in ("/acme/", LIST):
        page.goto(path)
        expect(page.locator(".empty h2")).to_have_text("No balances yet")
        page.get_by_role("link", name="Add a provider").click()
        expect(page).to_have_url(re.compile("/acme/providers/$"))

        theirs.goto(path)
        expect(theirs.locator(".empty")).to_contain_text(
            "An admin of Acme has to connect a provider first: Alice."
        )
        expect(theirs.get_by_role("link", name="Add a provider")).to_have_count(0)


def test_a_connection_on_its_way_says_so_until_its_balances_are_there(
    page: Page, acme: Tenant, simulator: Simulator, settings: Any
) -> None:
    settings.POLL_FLOOR_SECONDS = 0
    credential = connect(acme, simulator, "payiano", name="Main")
    page.goto(LIST)
    expect(page.locator(".empty")).to_contain_text(
        "Payiano Main is connected and read for the first time."
    )
    simulator.fault("status", provider="payiano", status=503)
    tasks.sync(credential.pk)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator(".empty")).to_contain_text("Payiano Main could not be read yet")

    simulator.clear_faults()
    tasks.sync(credential.pk, is_forced=True)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#balances-table tbody tr").first).to_be_visible()


def test_filters_that_match_nothing_name_what_they_hide(page: Page, payiano: Credential) -> None:
    page.goto(f"{LIST}?q=no-such-name")
    expect(page.locator(".empty")).to_contain_text("No balance matches")
    page.locator(".empty").get_by_role("link").last.click()
    expect(page.locator("#balances-table tbody tr").first).to_be_visible()


# --- A connection, from its test to its first figures ----------------------------------------------
@pytest.fixture
def form(page: Page, acme: Tenant, simulator: Simulator) -> Page:
    """Fill in a good credential of Payiano, and send nothing."""
    page.goto("/acme/providers/add/payiano/")
    page.locator("#id_name").fill("Main")
    page.locator("#id_access_token").fill(simulator.secrets["payiano"]["access_token"])
    page.locator("#id_base_url").fill(simulator.base_url("payiano"))
    return page


@pytest.mark.parametrize(
    ("fault", "title", "done"),
    [
        ({"kind": "reset"}, "Test failed at reaching Payiano", 0),
        ({"kind": "status", "status": 401}, "Test failed at sign-in", 1),
        ({"kind": "status", "status": 403}, "Test failed at the permission", 2),
        ({"kind": "html"}, "Test failed at reading balances", 1),
        (None, "Test passed", 3),
    ],
)
def test_a_test_tells_each_step_it_passed_and_the_one_it_failed_at(
    form: Page, simulator: Simulator, fault: dict[str, Any] | None, title: str, done: int
) -> None:
    if fault:
        simulator.fault(fault.pop("kind"), provider="payiano", **fault)
    form.get_by_role("button", name="Test", exact=True).click()

    result = form.locator("#providers-test-result")
    expect(result.locator(".result-head")).to_contain_text(title)
    expect(result.locator(".steps li.ok")).to_have_count(done)
    expect(result.locator(".steps li.bad")).to_have_count(1 if fault is not None else 0)
    expect(form.locator("#id_name")).to_have_value("Main")


def test_a_slow_first_test_shows_where_its_answer_will_stand_and_a_second_one_does_not(
    form: Page, simulator: Simulator
) -> None:
    simulator.fault("delay", provider="payiano", seconds=1.5)
    form.get_by_role("button", name="Test", exact=True).click()
    expect(form.locator("#providers-test-bones")).to_be_visible()
    expect(form.locator("#providers-test[aria-busy='true']")).to_be_visible()

    again = form.get_by_role("button", name="Test again")
    expect(again).to_be_visible()
    again.click()
    expect(form.locator("#providers-test[aria-busy='true']")).to_be_visible()
    expect(form.locator(".bones")).to_have_count(0)
    expect(form.locator("#providers-test-result .steps li.ok")).to_have_count(3)


def test_a_saved_credential_is_followed_until_it_is_connected(
    form: Page, simulator: Simulator, processes: Processes
) -> None:
    form.get_by_role("button", name="Save").click()
    expect(form.locator("main > .notices .notice.ok")).to_contain_text("Main is saved")
    expect(form.locator("#providers-sync-status")).to_be_visible()
    environ: dict[str, Any] = {"PROVIDER_HOSTS": simulator.url, "POLL_FLOOR_SECONDS": 0}
    processes.worker("sync", **environ)
    processes.worker("tick", pool="solo", concurrency=1, TICK_SECONDS=0.5, **environ)
    processes.beat(TICK_SECONDS=0.5, **environ)

    notice = form.locator("#providers-sync-status .notice.ok")
    expect(notice).to_contain_text("Payiano Main is connected.", timeout=40_000)
    said = re.search(r"(\d+) balances? in (\d+) currenc", notice.inner_text())
    assert said is not None
    assert int(said[1]) == Balance.unscoped.count()
    assert int(said[2]) == Balance.unscoped.values("currency").distinct().count()
    assert Heartbeat.objects.exists()


# --- Parts and pages that fail ----------------------------------------------------------------------
@contextmanager
def without(table: str) -> Iterator[None]:
    """Take a table away while the server runs."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO gone")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE gone RENAME TO {table}")


def test_a_history_that_cannot_be_read_fails_alone_and_comes_back(
    page: Page, payiano: Credential
) -> None:
    with without(ClosingDay._meta.db_table):
        opened(page, "/acme/", status=200)
        part = page.locator("#dashboard-history")
        expect(part).to_contain_text("The history could not be read")
        expect(part).to_contain_text(re.compile("recorded under [0-9a-f]{8}"))
        expect(page.locator(".totals li").first).to_be_visible()
    part.get_by_role("link", name="Try again").click()
    expect(part).not_to_contain_text("could not be read")
    expect(part).to_contain_text("No closing yet")


def test_a_page_that_fails_names_a_reference_and_comes_back(
    page: Page, payiano: Credential
) -> None:
    with without("tenancy_activityentry"):
        opened(page, "/acme/activity/", status=503 if connection.vendor == "sqlite" else 500)
        expect(page.locator("main")).to_contain_text(re.compile("recorded under [0-9a-f]{8}"))
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()


def test_a_refresh_that_fails_leaves_the_figures_where_they_are(
    page: Page, payiano: Credential
) -> None:
    page.goto("/acme/")
    page.wait_for_load_state()
    before = page.locator(".totals").inner_text()
    with without("providers_credential"), page.expect_response(lambda answer: answer.status >= 500):
        page.evaluate(TICK)
    expect(page.locator("#dashboard-health li").first).to_be_visible()
    assert page.locator(".totals").inner_text() == before
    notice = page.locator("#not-refreshed")
    expect(notice).to_contain_text("whether they are still up to date is not known")
    expect(notice).to_be_visible()
    expect(page.locator("#status")).to_have_text("This page is not refreshed just now.")

    page.evaluate(TICK)
    expect(notice).to_be_hidden()


def test_a_page_without_a_network_says_that_its_figures_may_be_old(
    page: Page, payiano: Credential
) -> None:
    page.goto("/acme/")
    page.wait_for_load_state()
    page.context.set_offline(True)
    page.evaluate(TICK)
    expect(page.locator("#not-refreshed")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate(TICK)
    expect(page.locator("#not-refreshed")).to_be_hidden()


def test_a_database_that_is_away_is_503_and_says_when_to_come_again(
    browser: Browser, tmp_path: Path
) -> None:
    """Run the product beside a database that nobody started."""
    port = free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/nothing",
        "DEMO": "1",
        "VAR_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--bind", f"127.0.0.1:{port}"]
    with (tmp_path / "web.log").open("ab") as log:
        server = Started([*command, "--no-control-socket"], environ=environ, log=log)
    try:
        wait_for(lambda: is_live(port), what="the web server")
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
        context.add_cookies(
            [{"name": "session", "value": "x" * 32, "url": f"http://127.0.0.1:{port}"}]
        )
        page = context.new_page()
        answer = opened(page, "/acme/", status=503)
        assert answer.headers["retry-after"] == "30"
        expect(page.locator("h1")).to_have_text("Not available just now")
        found = re.search("recorded under ([0-9a-f]{8})", page.locator("main").inner_text())
        assert found is not None
        assert found[1] in server.output()
        context.close()
    finally:
        server.kill()


def is_live(port: int) -> bool:
    """Tell whether the web server answers, which it does without a database."""
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        web.request("GET", "/health/live")
        return web.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        web.close()


# --- What is refused --------------------------------------------------------------------------------
def test_who_may_not_is_told_what_they_may_and_who_can_change_that(
    theirs: Page, alice: User
) -> None:
    opened(theirs, "/acme/providers/", status=403)
    expect(theirs.locator("main")).to_contain_text(
        "Your role in Acme is Viewer. Reads the overview and every balance. Alice can change that."
    )
    theirs.get_by_role("link", name="Go to the overview").click()
    expect(theirs).to_have_url(re.compile("/acme/$"))


def test_missing_and_foreign_look_the_same(
    page: Page, payiano: Credential, globex: Tenant, simulator: Simulator
) -> None:
    foreign = connect(globex, simulator, "swipelux", name="Theirs")
    tasks.sync(foreign.pk)
    theirs = Balance.unscoped.filter(tenant=globex)[0]
    seen = set()
    for ident in (theirs.public_id, "f" * 32):
        opened(page, f"{LIST}{ident}/", status=404)
        seen.add(page.locator("main").inner_text())
    assert len(seen) == 1
    assert "There is no such balance here" in seen.pop()


def test_an_address_not_understood_shows_nothing_and_offers_the_rest(
    page: Page, payiano: Credential
) -> None:
    opened(page, f"{LIST}?colour=red", status=422)
    expect(page.get_by_role("alert").first).to_contain_text("colour")
    expect(page.locator("#balances-table tbody tr")).to_have_count(0)
    opened(page, "/acme/activity.csv?from=soon", status=422)
    page.get_by_role("link", name="Leave it out").click()
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()


def test_who_asks_for_passwords_too_often_waits(walk: Walk, alice: User) -> None:
    cache.clear()
    page = walk.page
    for _ in range(6):
        page.goto("/accounts/password/reset/")
        page.get_by_label("Work e-mail").fill(alice.email)
        page.get_by_role("button", name="Send the link").click()
    expect(page.locator("h1")).to_have_text("Too many tries")
    cache.clear()


# --- Forms ------------------------------------------------------------------------------------------
def test_a_form_with_errors_takes_the_focus_leads_to_the_field_and_keeps_what_was_typed(
    page: Page, payiano: Credential
) -> None:
    balance = Balance.unscoped.first()
    assert balance is not None
    page.goto(f"{LIST}{balance.public_id}/")
    page.get_by_text("Close account").first.click()
    page.locator("#close-closed_from").fill("2020-02-29")
    page.get_by_role("button", name="Close account").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Not closed: 1 field needs attention")
    expect(page.locator("#close-closed_from")).to_have_value("2020-02-29")
    page.locator("#close-closed_from").fill(
        f"{datetime.now(ZoneInfo(balance.tenant.time_zone)):%F}"
    )
    summary.get_by_role("link", name=re.compile("^Reason")).click()
    expect(page.locator("#close-reason")).to_be_focused()
    page.keyboard.type("merged")
    page.keyboard.press("Enter")
    expect(page.locator("main > .notices .notice.ok")).to_contain_text("The account is closed.")
    expect(page).to_have_url(re.compile(f"{LIST}{balance.public_id}/$"))


def test_the_keys_are_listed_by_a_key_and_by_the_menu_and_closed_by_escape(
    page: Page, payiano: Credential
) -> None:
    page.goto(LIST)
    page.wait_for_load_state()
    keys = page.locator("#shortcuts")
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()

    page.locator("summary", has_text="account").first.click()
    page.get_by_role("link", name="Keyboard shortcuts").first.click()
    expect(keys).to_be_visible()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("f")
    expect(page.locator("details.menu[open] .menu-panel").first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


# --- Marks ------------------------------------------------------------------------------------------
def test_a_figure_says_when_its_reading_failed_and_when_it_rests(
    page: Page, payiano: Credential, simulator: Simulator
) -> None:
    page.goto(LIST)
    marks = page.locator("#balances-table tbody .mark")
    expect(marks).to_have_count(0)

    simulator.fault("status", provider="payiano", status=503)
    tasks.sync(payiano.pk, is_forced=True)
    page.reload()
    expect(marks.first).to_contain_text("Not synced")

    page.goto(f"/acme/providers/{payiano.public_id}/")
    page.get_by_role("button", name="Pause").click()
    page.goto(LIST)
    expect(marks.first).to_contain_text("Paused")


def test_who_is_in_no_tenant_any_more_is_told_so(walk: Walk, acme: Tenant) -> None:
    former = make_person("Former", acme, Role.VIEWER)
    Membership.unscoped.filter(user=former).update(is_active=False)
    let_in(walk, former)
    walk.page.goto("/")
    expect(walk.page.locator("main")).to_contain_text("You are in no tenant yet")
