"""Walk the main line in Chromium as a person does, on real figures read by a real worker from the simulator."""

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from re import Pattern
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from balances import tasks
from balances.exports.book import EXACT_SUFFIX
from balances.models import Balance
from providers.models import Credential, SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.conftest import PASSWORD, Walk
from tests.processes import Processes
from tests.sync.worlds import PROVIDERS, connect

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/acme/balances/"
WIDTHS = (1440, 1024, 390)
THEMES = ("light", "dark")
# Set once; a page that was loaded anew has lost it.
MARK = "window.isSamePage = true"
MARKED = "window.isSamePage === true"
# Two suites may share two cores.
expect.set_options(timeout=15_000)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def connected(acme: Tenant, simulator: Simulator, settings: Any) -> list[Credential]:
    """Connect acme to three providers, and read each once."""
    settings.POLL_FLOOR_SECONDS = 0
    credentials = [connect(acme, simulator, slot) for slot in PROVIDERS]
    for credential in credentials:
        tasks.sync(credential.pk)
    return credentials


@pytest.fixture
def page(walk: Walk, connected: list[Credential], alice: User) -> Iterator[Page]:
    """Give alice's tab; whatever she does, the console stays silent."""
    let_in(walk.page, walk.url, alice)
    yield walk.page
    assert walk.complaints == []


def let_in(page: Page, url: str, user: User) -> None:
    """Give a tab the session of somebody signed in."""
    client = Client()
    client.force_login(user)
    for name, morsel in client.cookies.items():
        page.context.add_cookies([{"name": name, "value": morsel.value, "url": url}])


def sign_in(page: Page, user: User) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def ends(text: str) -> Pattern[str]:
    return re.compile(re.escape(text) + "$")


def rows(page: Page) -> Locator:
    return page.locator("#balances-table tbody tr")


def cells(page: Page, kind: str) -> list[str]:
    return [
        text.strip() for text in page.locator(f"#balances-table tbody {kind}").all_inner_texts()
    ]


# --- The morning round ----------------------------------------------------------------------------
def test_person_signs_in_and_sees_the_balances_of_three_providers(
    walk: Walk, connected: list[Credential], alice: User
) -> None:
    sign_in(walk.page, alice)
    expect(walk.page).to_have_url(f"{walk.url}/acme/")
    walk.page.get_by_role("link", name="Balances", exact=True).click()

    expect(rows(walk.page)).to_have_count(min(25, Balance.unscoped.count()))
    walk.page.goto(f"{LIST}?per_page=200")
    assert set(cells(walk.page, "td.a-3")) == {"Payman", "Swipelux", "Payiano"}
    assert walk.complaints == []


def test_search_sort_second_key_and_pill_swap_the_rows_and_back_restores_them(page: Page) -> None:
    page.goto(LIST)
    page.evaluate(MARK)
    everything = rows(page).count()

    page.locator("#q").press_sequentially("wal")
    expect(page).to_have_url(ends(f"{LIST}?q=wal"))
    expect(rows(page)).not_to_have_count(everything)
    assert set(cells(page, "td.a-3")) == {"Swipelux"}
    expect(page.locator("#q")).to_be_focused()

    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(ends(LIST))
    expect(page.locator("#q")).to_have_value("")

    page.locator("#sort-provider").click()
    expect(page).to_have_url(ends("?sort=provider"))
    expect(page.locator("#sort-provider")).to_be_focused()
    page.locator("#sort-account").focus()
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(ends("?sort=provider,account"))
    expect(page.locator("#sort-account")).to_contain_text("key 2 of 2")
    page.locator("#sort-currency").click(modifiers=["Shift"])
    expect(page).to_have_url(ends("?sort=provider,account,currency"))

    page.locator("#pill-currency").click()
    page.get_by_role("checkbox", name="USDC").check()
    page.get_by_role("button", name="Apply").first.click()
    filtered = "?currency=USDC&sort=provider,account,currency"
    expect(page).to_have_url(ends(filtered))
    expect(page.locator("#pill-currency")).to_have_text("Currency: USDC")
    expect(page.locator("#pill-currency")).to_be_focused()
    assert set(cells(page, "td.cur")) == {"USDC"}

    # After all those swaps the search still listens, and joins what is chosen.
    page.locator("#q").press_sequentially("wal")
    expect(page).to_have_url(ends(filtered.replace("?", "?q=wal&")))

    page.go_back()
    page.go_back()
    expect(page).to_have_url(ends("?sort=provider,account,currency"))
    expect(rows(page)).to_have_count(everything)
    expect(page.locator("#pill-currency")).to_have_text("Currency")
    assert page.evaluate(MARKED)


def test_wrong_rows_never_stay_after_a_slow_answer(page: Page) -> None:
    """Let the first answer come last: the later question holds."""
    page.goto(LIST)
    slow: list[Route] = []
    first = re.compile(r"[?]q=wa(&|$)")
    page.route(first, lambda route: slow.append(route))

    with page.expect_request(first):
        page.locator("#q").fill("wa")
    page.locator("#q").fill("agent")
    expect(page).to_have_url(ends("?q=agent"))
    for route in slow:
        route.continue_()
    page.wait_for_load_state("networkidle")

    expect(page).to_have_url(ends("?q=agent"))
    assert all("agent" in name for name in cells(page, "th.a-1"))


def test_address_copied_shows_a_colleague_the_same_rows(
    page: Page, browser: Browser, live_server: LiveServer, bob: User
) -> None:
    page.goto(f"{LIST}?provider=payiano&sort=-account")
    seen = cells(page, "th.a-1")

    context = browser.new_context(base_url=live_server.url)
    theirs = context.new_page()
    let_in(theirs, live_server.url, bob)
    theirs.goto(page.url)

    assert cells(theirs, "th.a-1") == seen
    context.close()


# --- Take away ------------------------------------------------------------------------------------
def test_workbook_holds_the_very_numbers_of_the_pages_footer(page: Page, tmp_path: Path) -> None:
    page.goto(f"{LIST}?provider=payiano&provider=swipelux&sort=account")
    footer = footed(page)

    page.get_by_text("Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Excel").click()
    started.value.save_as(tmp_path / "balances.xlsx")
    book = load_workbook(tmp_path / "balances.xlsx", read_only=True)

    heads, *lines = book["Totals"].iter_rows(values_only=True)
    totals = [dict(zip(heads, line, strict=True)) for line in lines]
    assert footer == [
        (
            row["Currency"],
            row["Holder"],
            Decimal(str(row[f"Available{EXACT_SUFFIX}"] or row["Available"])),
        )
        for row in totals
    ]
    assert len(list(book["Balances"].iter_rows())) == 1 + int(
        page.locator(".count strong").inner_text()
    )


def footed(page: Page) -> list[tuple[str, str, Decimal]]:
    """Return currency, holder and sum of every line of totals."""
    found = []
    for line in page.locator("tfoot tr").all():
        figure = line.locator("td.a-2 .amt").first.inner_text()
        holder = "own" if "Own" in line.locator("th").inner_text() else "customers"
        amount = Decimal(figure.replace(",", "").replace("−", "-"))
        found.append((line.locator("td.cur").inner_text(), holder, amount))
    return found


# --- Sync now -------------------------------------------------------------------------------------
def test_sync_now_shows_progress_and_new_figures_without_reloading(
    page: Page, processes: Processes, simulator: Simulator
) -> None:
    environ: dict[str, Any] = {"PROVIDER_HOSTS": simulator.url, "POLL_FLOOR_SECONDS": 0}
    processes.worker("sync", **environ)
    processes.worker("tick", pool="solo", concurrency=1, TICK_SECONDS=0.5, **environ)
    processes.beat(TICK_SECONDS=0.5, **environ)
    simulator.fault("delay", seconds=0.2)
    page.goto(LIST)
    page.evaluate(MARK)
    before = SyncRun.unscoped.count()

    page.get_by_role("button", name="Sync now").click()

    status = page.locator("#providers-sync-status")
    expect(status.locator("progress").first).to_be_visible(timeout=15_000)
    expect(status).to_contain_text("3 credentials read", timeout=20_000)
    assert page.evaluate(MARKED)
    assert SyncRun.unscoped.count() == before + 3
    page.get_by_role("link", name="Show the new figures").click()
    expect(rows(page).first).to_be_visible()


# --- Every page -----------------------------------------------------------------------------------
def test_every_page_is_silent_and_fits_its_window(page: Page) -> None:
    balance = Balance.unscoped.filter(currency="USDC").first()
    run = SyncRun.unscoped.first()
    assert balance is not None
    assert run is not None
    paths = [
        *("/acme/", LIST, f"{LIST}?group_by=currency", f"{LIST}?currency=KWD&q=nothing"),
        f"{LIST}?columns=account_name,ledger,state,fetched_at,owner_name,address,credential,id",
        f"{LIST}{balance.public_id}/",
        *("/acme/sync-runs/", f"/acme/sync-runs/{run.public_id}/", "/acme/sync-runs/under-way/"),
        *("/acme/providers/", "/acme/providers/add/payiano/"),
    ]

    wide = []
    for path, width, theme in itertools.product(paths, WIDTHS, THEMES):
        if theme == "dark" and width == 1024:
            continue  # seen at both ends
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        if page.evaluate(OVERFLOW):
            wide.append((path, width))
    assert wide == []


# --- Without JavaScript ---------------------------------------------------------------------------
@pytest.fixture
def plain(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Open a tab that runs no script."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_all_works_without_script(
    plain: Page, connected: list[Credential], alice: User, tmp_path: Path
) -> None:
    sign_in(plain, alice)
    plain.goto(f"{LIST}?per_page=25")

    plain.locator("#pill-currency").click()
    plain.get_by_role("checkbox", name="USDC").check()
    plain.get_by_role("button", name="Apply").first.click()
    assert set(cells(plain, "td.cur")) == {"USDC"}

    plain.locator("#sort-account").click()
    expect(plain).to_have_url(ends("?currency=USDC&sort=account"))
    plain.locator("#q").fill("wal")
    plain.locator("#q").press("Enter")
    assert set(cells(plain, "td.a-3")) == {"Swipelux"}

    plain.goto(f"{LIST}?per_page=2")
    first = cells(plain, "th.a-1")
    plain.get_by_role("link", name="Next page").click()
    expect(plain).to_have_url(ends("?page=2&per_page=2"))
    assert cells(plain, "th.a-1") != first

    plain.get_by_text("Export").click()
    with plain.expect_download() as started:
        plain.get_by_role("link", name="CSV").click()
    started.value.save_as(tmp_path / "balances.csv")
    lines = (tmp_path / "balances.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + Balance.unscoped.count()
