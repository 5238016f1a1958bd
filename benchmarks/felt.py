"""Measure in Chromium how long a filter takes from the click to the swapped rows, 100,000 balances in the tenant."""

import itertools
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from benchmarks import promise
from benchmarks._rows import CURRENCIES
from benchmarks._world import make_balances, make_tenant
from providers.tenancy.models import Tenant, User
from tests.cluster import free_port
from tests.processes import chromium_path, wait_for

DATABASES = ("sqlite", "postgresql")
BALANCES = int(os.environ.get("BENCH_BALANCES", 100_000))
ROUNDS = 15
WATCH = """() => {
    window.clicked = window.swapped = 0;
    addEventListener('click', () => { window.clicked = performance.now() }, {capture: true});
    const table = document.querySelector('#balances-table');
    new MutationObserver(() => {
        if (table.isConnected || window.swapped) return;
        requestAnimationFrame(() => { window.swapped = performance.now() });
    }).observe(table.parentElement, {childList: true});
}"""


@contextmanager
def served() -> Iterator[str]:
    """Serve the database with the product's own web server; yield the address."""
    port = free_port()
    web = f"-m gunicorn dashboard.wsgi --bind 127.0.0.1:{port} --threads 4 --no-control-socket"
    server = subprocess.Popen([sys.executable, *web.split()], env={**os.environ, "DEMO": "true"})
    try:
        wait_for(lambda: _answers(port), seconds=60, what="the web server")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    web = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        web.request("GET", "/health/live")
        return web.getresponse().status == 200
    except OSError:
        return False
    finally:
        web.close()


def click(page: Page, path: str, currency: str) -> tuple[float, float]:
    """Filter by a currency as a person does; return the milliseconds in all, and those of the answer alone."""
    page.goto(path)
    page.locator("#pill-currency").click()
    page.get_by_role("checkbox", name=currency).first.check()
    page.evaluate(WATCH)
    with page.expect_response(lambda answer: f"currency={currency}" in answer.url) as told:
        page.get_by_role("button", name="Apply").first.click()
    page.wait_for_function("window.swapped")
    answer = told.value
    answer.finished()
    felt = page.evaluate("window.swapped - window.clicked")
    return float(felt), answer.request.timing["responseStart"]


def measured(tenant: Tenant, user: User) -> list[tuple[float, float]]:
    """Click as often as wanted, in one window."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(base_url=url)
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}]
        )
        names = itertools.islice(itertools.cycle(CURRENCIES), ROUNDS + 1)
        path = f"/{tenant.slug}/balances/"
        found = [click(page, path, name) for name in names][1:]
        browser.close()
    return found


def main() -> None:
    """Print the figures."""
    if chromium_path() is None:
        print("SKIPPED: this machine lacks Chromium.")
        return
    tenant, user = make_tenant(0)
    make_balances(tenant, count=BALANCES, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    felt, answered = zip(*measured(tenant, user), strict=True)
    print(f"\nA filter click among {BALANCES:,} balances of one tenant ({ROUNDS} rounds)")
    print(f"  of it the server's answer: {statistics.median(answered):.0f} ms")
    promise("click to swapped rows, median", statistics.median(felt), at_most=300, unit="ms")
