"""See in the morning where the money stands, on the running product: how old, how much, off one network, by choice."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from balances import tasks
from balances.exports.book import EXACT_SUFFIX
from providers.models import Credential, RunStatus, Scope, SyncRun
from providers.simulator.server import Simulator
from providers.simulator.worlds.small import HOSTILE
from providers.tenancy.models import Tenant, User
from tests.browser.pages import LIST
from tests.browser.product import Product, sign_in
from tests.processes import wait_for
from tests.sync.worlds import PROVIDERS, connect

pytestmark = pytest.mark.django_db(transaction=True)
expect.set_options(timeout=15_000)

Line = tuple[str, ...]


def _condition(field: str, operator: str, *value: str) -> dict[str, Any]:
    node = {"node": "condition", "field": field, "operator": operator}
    return {**node, "value": value[0]} if value else node


def _group(logic: str, *filters: dict[str, Any]) -> dict[str, Any]:
    return {"node": "group", "logic": logic, "filters": filters}


HALVES = _group(
    "or",
    _group("and", _condition("currency", "eq", "USD"), _condition("available", "gt", "1000")),
    _group("and", _condition("pending", "is_not_null"), _condition("provider", "eq", "payiano")),
)
SAID = (
    "(Currency is USD and Available is more than 1,000) or "
    "(Pending is reported and Provider is Payiano)"
)
# Set once; a page that was loaded anew has lost it.
MARK, MARKED = "window.isSamePage = true", "window.isSamePage === true"
# All that a query shows, and all that says what it is.
SEEN = """() => {
    const texts = (css) => [...document.querySelectorAll(css)].map((el) => el.innerText.trim());
    return {
        address: location.pathname + location.search,
        rows: texts('#balances-table tbody tr'),
        count: texts('.count'),
        totals: texts('#totals tr'),
        sentence: texts('#balances-table caption'),
        chips: texts('.chip'),
        pills: texts('#balances-tools summary'),
        chosen: [...document.querySelectorAll('#balances-tools input:checked')].map((el) => el.value),
        sorted: [...document.querySelectorAll('thead [aria-sort]')].map((el) => `${el.innerText} ${el.ariaSort}`),
        searched: document.getElementById('q').value,
    };
}"""
# What a person reads in a row and in a line of totals.
ROWS = """() => [...document.querySelectorAll('#balances-table tbody tr')].map((row) =>
    ['th.a-1 a', 'td.cur', 'td.a-2 .amt'].map((css) => row.querySelector(css).innerText.trim()))"""
TOTALS = """() => [...document.querySelectorAll('#totals tr')].map((row) =>
    ['td.cur', 'th.a-1', 'td.a-2 .amt'].map((css) => row.querySelector(css).textContent.trim()))"""


@pytest.fixture
def connected(acme: Tenant, simulator: Simulator) -> list[Credential]:
    """Connect acme to its three providers; two of their figures are alike."""
    simulator.edit(
        "set", provider="payman", ref="cust_7Qk2pV", currency="USDC", available="1.000000"
    )
    return [connect(acme, simulator, slot, name="Main") for slot in PROVIDERS]


@pytest.fixture
def payiano(connected: list[Credential]) -> Credential:
    (found,) = (each for each in connected if each.provider == "payiano")
    return found


@pytest.fixture
def morning(product: Product, payiano: Credential, simulator: Simulator) -> Product:
    """Let the worker read everything at night, and Payiano in vain since."""
    wait_for(lambda: ended(RunStatus.SUCCEEDED) == len(PROVIDERS), what="the first readings")
    Scope.unscoped.filter(credential=payiano).update(read_at=F("read_at") - timedelta(minutes=7))
    simulator.fault("status", provider="payiano", status=503)
    tasks.request_sync([payiano], actor=None)
    wait_for(lambda: ended(RunStatus.FAILED) == 1, what="the reading in vain")
    return product


@pytest.fixture
def page(morning: Product, browser: Browser, alice: User) -> Iterator[Page]:
    """Open alice's window."""
    context = morning.window(browser)
    yield context.new_page()
    context.close()


def ended(status: RunStatus) -> int:
    return SyncRun.unscoped.filter(status=status).count()


def at(query: str) -> re.Pattern[str]:
    return re.compile(re.escape(f"{LIST}{query}") + "$")


def choose(page: Page, pill: str, values: Iterable[str]) -> None:
    """Tick boxes of a pill and apply them."""
    page.locator(f"#pill-{pill}").click()
    menu = page.locator(f"details:has(#pill-{pill})")
    for value in values:
        menu.locator(f"input[value='{value}']").check()
    menu.get_by_role("button", name="Apply").click()


def settled(page: Page, query: str) -> dict[str, Any]:
    """Wait for an address and its rows, and return all that the page shows of the query."""
    expect(page).to_have_url(at(query))
    expect(page.locator(".htmx-request")).to_have_count(0)
    seen: dict[str, Any] = page.evaluate(SEEN)
    return seen


def rows(page: Page) -> list[Line]:
    return [tuple(cells) for cells in page.evaluate(ROWS)]


# --- What there is to see, as the providers would tell it -----------------------------------------
@dataclass(frozen=True)
class Held:
    """One balance as its provider tells it."""

    provider: str
    account: str
    network: str
    currency: str
    available: Decimal
    pending: Decimal | None

    @property
    def holder(self) -> str:
        is_own = self.provider == "payiano" or self.account == "agent"
        return "Own" if is_own else "Customers'"

    @property
    def line(self) -> Line:
        """Give what a person reads of it."""
        return (self.account, self.currency, written(self.available))


def told(simulator: Simulator) -> Iterator[Held]:
    for slot in PROVIDERS:
        accounts = simulator.company(slot).accounts
        for (ref, currency), figures in simulator.truth(slot).items():
            network = accounts[ref].network
            yield Held(slot, ref, network, currency, figures["available"], figures["pending"])


def written(amount: Decimal) -> str:
    return f"{amount:,}".replace("-", "−")


def totals(found: Iterable[Held]) -> list[Line]:
    """Add up per currency and holder, own money first."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with localcontext(prec=60):
        for each in found:
            sums[each.currency, each.holder] += each.available
    ordered = sorted(sums.items(), key=lambda total: (total[0][0], total[0][1] != "Own"))
    return [
        (currency, f"Total, {holder} {currency}", written(total))
        for (currency, holder), total in ordered
    ]


# --- The journey ----------------------------------------------------------------------------------
def test_morning_position(
    page: Page, simulator: Simulator, payiano: Credential, alice: User, tmp_path: Path
) -> None:
    everything = list(told(simulator))
    sign_in(page, alice)
    see_what_is_old(page, everything, payiano)
    page.get_by_role("link", name="Balances", exact=True).click()
    narrow_down(page, everything)
    ask_in_two_halves(page, everything, tmp_path)


def see_what_is_old(page: Page, everything: list[Held], payiano: Credential) -> None:
    """Read on the overview since when how much is confirmed, how old the rest is, and what failed."""
    scope = Scope.unscoped.get(credential=payiano)
    old = sum(each.provider == "payiano" for each in everything)
    assert scope.read_at is not None
    read_at = scope.read_at.astimezone(ZoneInfo("Africa/Cairo"))
    expect(page.locator("h1")).to_have_text("Overview")
    expect(page.locator("#freshness")).to_contain_text(
        re.compile(
            rf"^{len(everything) - old} of {len(everything)} confirmed since \S.*, {old} from"
        )
    )
    expect(page.locator("#freshness a")).to_have_text(f"{old} not synced")
    oldest = page.locator(".totals li", has_text="Egyptian Pound")
    expect(oldest).to_contain_text("2 not synced")
    problem = page.locator(".problems li")
    expect(problem).to_contain_text(f"{old} balances of Payiano Main are not synced:")
    expect(problem).to_contain_text("It failed at the provider.")
    expect(problem).to_contain_text(f"{old} balances in AED, EGP, EUR, JPY, KWD, SAR and USD keep")
    for place in (page.locator("#freshness"), oldest, problem):
        expect(place.locator("time").last).to_have_attribute(
            "datetime", read_at.isoformat(timespec="seconds")
        )


def narrow_down(page: Page, everything: list[Held]) -> None:
    """Filter to USDC and USDT not on Polygon, sort twice, and go back step by step."""
    wanted = [
        each
        for each in everything
        if each.currency in {"USDC", "USDT"} and each.network != "polygon"
    ]
    page.evaluate(MARK)
    choose(page, "currency", ["USDC", "USDT"])
    both = settled(page, "?currency=USDC&currency=USDT")
    expect(page.locator(".count strong")).to_have_text(str(len(wanted) + 1))
    choose(page, "network", ["-", "base", "ethereum", "solana", HOSTILE])
    off = f"?currency=USDC&currency=USDT&network=-&network={quote(HOSTILE, safe='')}"
    off += "&network=base&network=ethereum&network=solana"
    filtered = settled(page, off)
    expect(page.locator(".count strong")).to_have_text(str(len(wanted)))
    found = rows(page)
    assert sorted(found) == sorted(each.line for each in wanted)
    assert page.evaluate(TOTALS) == [list(line) for line in totals(wanted)]
    assert both["rows"] != filtered["rows"]
    assert filtered["pills"][3] == "Network: 5 chosen"

    page.locator("#sort-available").click()
    by_amount = settled(page, f"{off}&sort=currency,available")
    amounts = [(each.currency, each.available) for each in wanted]
    assert [(line[1], line[2]) for line in rows(page)] == [
        (currency, written(amount)) for currency, amount in sorted(amounts)
    ]
    page.locator("#sort-account").click(modifiers=["Shift"])
    by_account = settled(page, f"{off}&sort=currency,available,account")
    ordered = sorted(wanted, key=lambda each: (each.currency, each.available, each.account))
    assert rows(page) == [each.line for each in ordered]
    assert by_account["totals"] == filtered["totals"]
    expect(page.locator("#sort-account")).to_contain_text("key 3 of 3")

    page.go_back()
    assert settled(page, f"{off}&sort=currency,available") == by_amount
    page.go_back()
    assert settled(page, off) == filtered
    page.go_forward()
    assert settled(page, f"{off}&sort=currency,available") == by_amount
    assert page.evaluate(MARKED)

    page.goto(f"{LIST}?currency=USDC&currency=USDT&network__not_eq=Polygon")
    assert rows(page) == found
    expect(page.locator(".chip").last).to_contain_text("Network is not Polygon, or none")
    assert page.evaluate(TOTALS) == [list(line) for line in totals(wanted)]


def ask_in_two_halves(page: Page, everything: list[Held], directory: Path) -> None:
    """Answer a question with brackets from its address, and take its workbook away."""
    wanted = [
        each
        for each in everything
        if (each.currency == "USD" and each.available > 1000)
        or (each.pending is not None and each.provider == "payiano")
    ]
    page.goto(f"{LIST}?filters={quote(json.dumps(HALVES))}")
    assert sorted(rows(page)) == sorted(each.line for each in wanted)
    assert page.evaluate(TOTALS) == [list(line) for line in totals(wanted)]
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text(SAID)
    expect(page.locator("#balances-table caption")).to_contain_text(f"Balances where {SAID}.")
    expect(page.locator("#freshness")).to_contain_text(f"of these {len(wanted)}")

    page.get_by_text("Export").first.click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Excel").click()
    started.value.save_as(directory / "asked.xlsx")
    book = load_workbook(directory / "asked.xlsx", read_only=True)
    heads, *lines = book["Balances"].iter_rows(values_only=True)
    entries = [dict(zip(heads, line, strict=True)) for line in lines]
    assert sorted(
        (line["Account"], line["Currency"], exact(line, "Available")) for line in entries
    ) == sorted((each.account, each.currency, each.available) for each in wanted)


def exact(line: dict[Any, Any], name: str) -> Decimal:
    """Read an amount of a workbook, which has the digits a number cannot hold beside it."""
    return Decimal(str(line[f"{name}{EXACT_SUFFIX}"] or line[name]))
