"""Write every page at three widths and in both themes into var/screenshots (`./run screenshots`)."""

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Page, sync_playwright

from tests.processes import ROOT, chromium_path, wait_for

WIDTHS, THEMES = (1440, 1024, 390), ("light", "dark")
HOME = "/meridian/"
ROWS = "#balances-table tbody tr"
PAGES = {
    **{"overview": HOME, "balances": f"{HOME}balances/", "runs": f"{HOME}sync-runs/"},
    "balances-filtered": f"{HOME}balances/?currency=USDC&sort=-available",
    "balances-grouped": f"{HOME}balances/?group_by=currency",
    "balances-none": f"{HOME}balances/?q=nothing+of+this+name",
    "balances-422": f"{HOME}balances/?available__gte=plenty",
    **{name: f"{HOME}{name}/" for name in ("providers", "people", "activity")},
    **{f"add-{code}": f"{HOME}providers/add/{code}/" for code in ("payman", "payiano", "swipelux")},
    **{"invite": f"{HOME}people/invite/", "account": "/account/", "404": f"{HOME}balances/none/"},
}
# Pages whose address is known only behind the first link that leads to one.
BEHIND = {
    "balance": (PAGES["balances"], f"{ROWS} th a"),
    "run": (PAGES["runs"], "main tbody a[href*='/sync-runs/']"),
    "credential": (PAGES["providers"], "main tbody a[href*='/providers/']"),
}


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


def sign_in(page: Page, password: str) -> None:
    """Enter as the admin, and wait until all connections were read once."""
    page.goto("/")
    page.get_by_label("E-mail").fill("admin@meridian.example")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{HOME}")
    wait_for(lambda: page.goto(HOME) and page.locator(".sync-pill.ok").count(), seconds=120)


def shoot(page: Page, name: str, path: str) -> None:
    """Write one page in every width and theme."""
    folder = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "screenshots"
    for width, theme in itertools.product(WIDTHS, THEMES):
        scheme: Any = theme
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(path)
        page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)


def main(addresses: list[str]) -> None:
    """Write all pages of the demo at the given address, or of one started for this."""
    django.setup()
    from dashboard.demo.seed import PASSWORD  # it imports models, which need the line above

    with ExitStack() as stack:
        chromium = stack.enter_context(sync_playwright()).chromium
        browser = chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        url = addresses[0] if addresses else stack.enter_context(demo())
        page = browser.new_page(base_url=url)
        shoot(page, "sign-in", "/accounts/login/")
        sign_in(page, PASSWORD)
        for name, path in PAGES.items():
            shoot(page, name, path)
        for name, (path, link) in BEHIND.items():
            page.goto(path)
            shoot(page, name, page.locator(link).first.get_attribute("href") or path)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
