"""Hold a first visit to its weight, and pages to their places once they are loaded, as production serves them."""

import itertools
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from balances.models import Balance
from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.browser.pages import LIST
from tests.cluster import free_port
from tests.processes import Processes, wait_for

pytestmark = pytest.mark.django_db(transaction=True)

MOST_BYTES = 150_000
MOST_SHIFT = 0.02
WIDTHS = (1440, 390)
# What is compressed already, or too short to be.
TIGHT = re.compile(r"\.(woff2|svg)$")
# Chromium counts what came over the wire, heads included, of the page and of all it asks for.
WEIGHED = """() => [performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')]
    .map((e) => [e.name, e.transferSize, e.encodedBodySize, e.decodedBodySize])"""
WATCH = """window.shifts = [];
new PerformanceObserver((list) => {
    for (const e of list.getEntries())
        shifts.push([e.value, e.sources.map((s) => s.node?.nodeName + '.' + (s.node?.className ?? '')).join(' ')]);
}).observe({type: 'layout-shift', buffered: true})"""
# Fonts swap, and the browser tells of what moved in the frame after.
SETTLED = """async () => {
    await document.fonts.ready;
    for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
    return shifts;
}"""


@pytest.fixture
def production(processes: Processes, tmp_path: Path) -> str:
    """Serve this test's database as production does, behind a proxy that says https; return the address."""
    port = free_port()
    environ: dict[str, Any] = {
        **{"DEMO": "", "ALLOWED_HOSTS": "127.0.0.1", "PROXY_COUNT": 1, "VAR_DIR": tmp_path},
        **{"CACHE_URL": processes.environ["BROKER_URL"], "SCOPE_FLOOR_SECONDS": 30},
    }
    collect = processes.start("manage.py", "collectstatic", "--noinput", **environ)
    assert collect.process.wait(timeout=60) == 0, collect.output()
    bind = f"--bind 127.0.0.1:{port} --workers 1 --threads 4 --no-control-socket"
    web = processes.start("-m", "gunicorn", "dashboard.wsgi", *bind.split(), **environ)
    wait_for(lambda: web.process.poll() or _is_live(port), seconds=60, what="the web server")
    assert web.process.poll() is None, web.output()
    return f"http://127.0.0.1:{port}"


def _is_live(port: int) -> bool:
    web = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        web.request("GET", "/health/live")
        return web.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        web.close()


@pytest.fixture
def visit(
    browser: Browser, production: str, filled: Simulator, alice: User
) -> Iterator[Callable[..., Page]]:
    """Give the function that opens a page as alice, in a window that has seen none before."""
    client = Client()
    client.force_login(alice)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    # A browser sends what is marked secure to loopback without https too.
    cookie: Any = {"name": "__Host-session", "value": session, "secure": True}
    windows: list[BrowserContext] = []

    def visited(path: str, *, width: int = 1440) -> Page:
        window = browser.new_context(
            base_url=production,
            viewport={"width": width, "height": 900},
            extra_http_headers={"X-Forwarded-Proto": "https"},
        )
        windows.append(window)
        window.add_cookies([cookie | {"url": production.replace("http:", "https:")}])
        window.add_init_script(WATCH)
        tab = window.new_page()
        answer = tab.goto(path, wait_until="networkidle")
        assert answer is not None
        assert (answer.status, urlsplit(tab.url).path) == (200, urlsplit(path).path)
        return tab

    yield visited
    for window in windows:
        window.close()


def pages() -> dict[str, str]:
    balance = Balance.unscoped.filter(currency="USDC")[0]
    return {
        "overview": "/acme/",
        "balances": LIST,
        "detail": f"{LIST}{balance.public_id}/",
        "providers": "/acme/providers/",
        "runs": "/acme/sync-runs/",
    }


def test_first_visit_weighs_little_and_all_its_text_is_compressed(
    visit: Callable[..., Page],
) -> None:
    for name, path in pages().items():
        parts = visit(path).evaluate(WEIGHED)

        weight = sum(transferred for _, transferred, _, _ in parts)
        assert 30_000 < weight < MOST_BYTES, f"{name} weighs {weight:,}: {parts}"
        plain = [part for part in parts if part[2] >= part[3] and not TIGHT.search(part[0])]
        assert plain == [], f"{name} is sent as it is: {plain}"


def test_nothing_moves_once_a_page_is_loaded(visit: Callable[..., Page]) -> None:
    for (name, path), width in itertools.product(pages().items(), WIDTHS):
        shifts = visit(path, width=width).evaluate(SETTLED)

        moved = sum(value for value, _ in shifts)
        assert moved < MOST_SHIFT, f"{name} at {width} moves by {moved:.3f}: {shifts}"
