"""Write every page at three widths and in both themes into var/screenshots (`./run screenshots`).

Beside the pages there are the states a person comes to: what a role may not see, what failed, every menu open,
a test that a provider refused. A page of failure is drawn with the product's own template, since nothing here
is broken on purpose.
"""

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import django
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, sync_playwright

from tests.processes import ROOT, chromium_path, wait_for

WIDTHS, THEMES = (1440, 1024, 390), ("light", "dark")
HOME = "/meridian/"
LIST = f"{HOME}balances/"
ROWS = "#balances-table tbody tr"
PAGES = {
    **{"overview": HOME, "balances": LIST, "runs": f"{HOME}sync-runs/"},
    "overview-range": f"{HOME}?range=7",
    "balances-filtered": f"{LIST}?currency=USDC&sort=-available",
    "balances-grouped": f"{LIST}?group_by=currency",
    "balances-columns": f"{LIST}?columns=account,provider,holder,currency,available,pending,ledger,state,fetched_at,id",
    "balances-none": f"{LIST}?q=nothing+of+this+name",
    "balances-422": f"{LIST}?available__gte=plenty",
    "balances-csv-422": f"{HOME}balances.csv?available__gte=plenty",
    "runs-failed": f"{HOME}sync-runs/?status=failed",
    "runs-past-the-end": f"{HOME}sync-runs/?page=99",
    **{name: f"{HOME}{name}/" for name in ("providers", "people", "activity")},
    "activity-422": f"{HOME}activity/?from=2026-11-20&to=2026-11-01",
    **{f"add-{code}": f"{HOME}providers/add/{code}/" for code in ("payman", "payiano", "swipelux")},
    **{"invite": f"{HOME}people/invite/", "account": "/account/", "404": f"{LIST}none/"},
    "password": "/accounts/password/change/",
}
# Pages whose address is known only behind the first link that leads to one.
BEHIND = {
    "balance": (LIST, f"{ROWS} th a"),
    "run": (f"{HOME}sync-runs/", "main tbody a[href*='/sync-runs/']"),
    "credential": (f"{HOME}providers/", "main tbody a[href*='/providers/']"),
    "member-role": (f"{HOME}people/", "main a[href$='/role/']"),
    "member-deactivate": (f"{HOME}people/", "main a[href$='/deactivate/']"),
}
DOOR = {"sign-in": "/accounts/login/", "password-reset": "/accounts/password/reset/"}
NOT_FOR_VIEWERS = {"403": f"{HOME}people/invite/", "overview-of-a-viewer": HOME}
FAILURES = ("500", "503")
HTML = "text/html; charset=utf-8"
# A summary that opens a menu; on a phone most of them are sheets at the bottom.
MENUS = "details.menu > summary"


@contextmanager
def demo() -> Iterator[str]:
    """Run a demo of its own on a free port, and give its address."""
    with tempfile.TemporaryDirectory(prefix="screenshots-", ignore_cleanup_errors=True) as var:
        command, environ = (
            [str(ROOT / "run"), "demo", "--port", "0"],
            {**os.environ, "VAR_DIR": var},
        )
        running = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
        try:
            lines = (re.search(r"Open (http\S+)", line) for line in running.stdout or ())
            yield next(found[1] for found in lines if found)
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate()


class Camera:
    """One browser window, whose pages are written in every width and theme."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.page: Page = browser.new_context(base_url=url).new_page()
        self.folder = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "screenshots"

    def sign_in(self, name: str, password: str) -> None:
        """Enter, and wait until all connections were read once."""
        self.page.goto("/")
        self.page.get_by_label("E-mail").fill(f"{name}@meridian.example")
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"**{HOME}")
        wait_for(lambda: self.page.goto(HOME) and self.is_read(), seconds=120)

    def is_read(self) -> bool:
        """Tell whether no connection is still waiting for its first reading."""
        return bool(self.page.locator(".sync-pill.ok, .sync-pill.bad").count())

    def shoot(self, name: str, path: str, act: Callable[[Page], None] | None = None) -> None:
        """Write one page in all frames; `act` brings it into the state that is meant."""
        for width, theme in itertools.product(WIDTHS, THEMES):
            scheme: Any = theme
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.goto(path)
            if act is not None:
                act(self.page)
            file = self.folder / f"{name}-{width}-{theme}.png"
            self.page.screenshot(path=file, full_page=True)

    def shoot_menus(self, name: str, path: str) -> None:
        """Write a page once with each of its menus open, at the widest and as a phone."""
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        for width in (WIDTHS[0], WIDTHS[-1]):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.goto(path)
            for number in range(self.page.locator(MENUS).count()):
                summary = self.page.locator(MENUS).nth(number)
                if summary.is_visible():
                    summary.evaluate("summary => summary.parentElement.open = true")
                    self.page.screenshot(path=self.folder / f"{name}-menu-{number}-{width}.png")
                    summary.evaluate("summary => summary.parentElement.open = false")

    def shoot_failure(self, name: str) -> None:
        """Write the product's own page of a failure, served in place of a page that works."""
        body = render_to_string(f"{name}.html", {"reference": "4f1c9a2e", "theme": "auto"})
        status = int(name)
        self.page.route(
            f"**/{name}", lambda route: route.fulfill(status=status, body=body, content_type=HTML)
        )
        self.shoot(name, f"/{name}")


def try_a_wrong_key(page: Page) -> None:
    """Have the provider refuse a token, as it would in earnest."""
    page.locator("summary.secret").first.click()
    page.locator("#id_access_token").fill("a-token-that-nobody-gave")
    page.get_by_role("button", name="Test", exact=True).click()
    page.locator(".result .state.bad").wait_for()


def send_nothing(page: Page) -> None:
    """Send a form as it stands, so that each field says what is missing."""
    page.locator("main form button.primary").first.click()
    page.wait_for_load_state()


def shoot_all(camera: Camera) -> None:
    """Write what an admin sees."""
    for name, path in PAGES.items():
        camera.shoot(name, path)
    for name, (path, link) in BEHIND.items():
        camera.page.goto(path)
        camera.shoot(name, camera.page.locator(link).first.get_attribute("href") or path)
    camera.page.goto(f"{HOME}providers/")
    refused = camera.page.locator("main tbody a", has_text="Payiano").first.get_attribute("href")
    camera.shoot("credential-refused", refused or HOME, try_a_wrong_key)
    camera.shoot("add-payman-422", PAGES["add-payman"], send_nothing)
    camera.shoot("invite-422", PAGES["invite"], send_nothing)
    for name in ("balances", "overview", "providers", "runs"):
        camera.shoot_menus(name, PAGES[name])
    for name in FAILURES:
        camera.shoot_failure(name)


def main(addresses: list[str]) -> None:
    """Write all pages of the demo at the given address, or of one started for this."""
    django.setup()
    from dashboard.demo.seed import PASSWORD  # it imports models, which need the line above

    with ExitStack() as stack:
        chromium = stack.enter_context(sync_playwright()).chromium
        browser = chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        url = addresses[0] if addresses else stack.enter_context(demo())
        stranger, viewer, admin = (Camera(browser, url) for _ in range(3))
        for name, path in DOOR.items():
            stranger.shoot(name, path)
        viewer.sign_in("viewer", PASSWORD)
        for name, path in NOT_FOR_VIEWERS.items():
            viewer.shoot(name, path)
        admin.sign_in("admin", PASSWORD)
        shoot_all(admin)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
