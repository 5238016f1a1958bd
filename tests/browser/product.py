"""Run the whole product beside a test as an operator does: web server, ticker, worker, beat; a person walks it."""

import re
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from providers.simulator.server import Simulator
from providers.tenancy.models import User
from tests.cluster import free_port
from tests.conftest import PASSWORD
from tests.processes import CELERY, Processes, Started, wait_for

# Scaled down, in the order the product asks for.
TIMES = {
    "TICK_SECONDS": 0.5,
    "REQUEST_SECONDS": 3,
    "RENEW_SECONDS": 4,
    "LEASE_SECONDS": 5,
    "VISIBILITY_SECONDS": 10,
    "POLL_FLOOR_SECONDS": 0,
}
STARTS = 60
WORKER = "worker -Q sync,files -P prefork -c 2 --without-mingle --without-gossip"
TICKER = "worker -Q tick -P solo -c 1 --without-mingle --without-gossip"
WEB = "gunicorn dashboard.wsgi --workers 1 --threads 4 --no-control-socket"
# A blocked style or script must not pass in silence, whatever the browser makes of it.
LISTEN = """addEventListener('securitypolicyviolation',
    (e) => console.error(`${e.violatedDirective} refused ${e.blockedURI} ${e.sample}`))"""
# Chromium itself names in the console what is answered with an error, as the product means to.
REFUSALS = re.compile(r"Failed to load resource: the server responded with a status of 422\b")


class Product:
    """The processes of one test's product, and the windows that people opened on it."""

    def __init__(self, processes: Processes, simulator: Simulator, directory: Path) -> None:
        self.processes, self.simulator, self.port = processes, simulator, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ: dict[str, Any] = {
            **TIMES,
            "PROVIDER_HOSTS": simulator.url,
            "VAR_DIR": directory,
            "LOG_LEVEL": "DEBUG",
        }
        self.complaints: list[str] = []

    def start(self) -> None:
        """Start everything at once, and return when the product answers and reads."""
        self._python("-m", *WEB.split(), "--bind", f"127.0.0.1:{self.port}")
        ticker = self._celery(TICKER)
        self.worker = self._celery(WORKER)
        self._celery("beat")
        for process in (ticker, self.worker):
            self._await_ready(process)
        wait_for(self._is_live, seconds=STARTS, what="the web server")

    def start_worker(self) -> None:
        """Start another worker in place of one that is gone."""
        self.worker = self._celery(WORKER)
        self._await_ready(self.worker)

    def logs(self) -> str:
        """Read what every process has written so far."""
        return "".join(process.output() for process in self.processes.started)

    def window(self, browser: Browser, **options: Any) -> BrowserContext:
        """Open a browser window on it, whose console is listened to."""
        context = browser.new_context(base_url=self.url, **options)
        context.add_init_script(LISTEN)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not REFUSALS.match(message.text):
            self.complaints.append(message.text)

    def _python(self, *arguments: str) -> Started:
        return self.processes.start(*arguments, **self.environ)

    def _celery(self, options: str) -> Started:
        name = () if options == "beat" else ("-n", f"{len(self.processes.started)}@%h")
        return self._python(*CELERY, *options.split(), *name)

    def _await_ready(self, process: Started) -> None:
        def is_ready() -> bool:
            assert process.process.poll() is None, process.output()
            return "ready." in process.output()

        wait_for(is_ready, seconds=STARTS, what="a worker")

    def _is_live(self) -> bool:
        web = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            web.request("GET", "/health/live")
            return web.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            web.close()


def sign_in(page: Page, user: User) -> None:
    """Sign in by the form, with a password that the product's own hashers know."""
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    user.save(update_fields=["password"])
    page.goto("/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
