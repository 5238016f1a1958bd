"""Give every test the cast, a fast hasher, a closed network, and the servers it asks for."""

import ipaddress
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.test import Client
from kombu import pools
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from dashboard.celery import app as celery_app
from providers.tenancy.models import Membership, Role, Tenant, User
from tests.processes import Broker, Processes, chromium_path

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
IS_CI = bool(os.environ.get("CI"))

hypothesis.settings.register_profile(
    "tenth", max_examples=50, derandomize=True, deadline=None, database=None
)
hypothesis.settings.register_profile("full", max_examples=500, deadline=None, database=None)


# --- Collection and outcome -----------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run large counts whole, not a tenth")
    parser.addoption("--without-pure", action="store_true", help="leave out what needs no database")


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("full" if config.getoption("--full") else "tenth")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs no database, and leave out what speaks of the other one."""
    engine = django_settings.DATABASES["default"]["ENGINE"]
    other = "postgresql" if engine.endswith("sqlite3") else "sqlite"
    for item in items:
        if not _touches_database(item):
            item.add_marker("pure")
    unwanted = {other, "pure"} if config.getoption("--without-pure") else {other}
    left_out = [item for item in items if any(map(item.get_closest_marker, unwanted))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _touches_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES & fixtures)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that skipped anything."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IS_CI and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def lacking(what: str) -> None:
    """Skip for want of `what`; on CI, where nothing may be skipped, fail."""
    (pytest.fail if IS_CI else pytest.skip)(f"this machine lacks {what}")


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """Scale a large count: whole with --full, else a tenth."""
    is_full = request.config.getoption("--full")
    return lambda n: n if is_full else max(1, n // 10)


# --- The closed network ---------------------------------------------------------------------------
def _is_loopback(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
    else:
        return
    if not _is_loopback(host):
        raise AssertionError(f"a test reached for {host!r}; only loopback is open")


sys.addaudithook(_refuse_network)


# --- Settings and database ------------------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep SQLite's test database in a file, which worker processes can open too."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        name = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        database.setdefault("TEST", {})["NAME"] = name


@pytest.fixture(autouse=True)
def _small_costs(settings: Any, tmp_path: Path) -> None:
    """Hash quickly, and write files where the test ends."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.FILES_DIR = settings.MEDIA_ROOT = tmp_path / "files"


# --- The cast -------------------------------------------------------------------------------------
PASSWORD = "correct horse battery staple"


@pytest.fixture
def acme(db: None) -> Tenant:
    """Make the tenant that most tests speak of."""
    return Tenant.objects.create(slug="acme", name="Acme", time_zone="Africa/Cairo")


@pytest.fixture
def globex(db: None) -> Tenant:
    """Make the tenant whose data nobody of acme may see."""
    return Tenant.objects.create(slug="globex", name="Globex", time_zone="Europe/Berlin")


def make_person(name: str, tenant: Tenant, role: Role) -> User:
    """Save a person with a verified address and one membership."""
    email = f"{name.lower()}@{tenant.slug}.example"
    user = User.objects.create_user(email, password=PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    Membership.unscoped.create(tenant=tenant, user=user, role=role)
    return user


@pytest.fixture
def alice(acme: Tenant) -> User:
    """Make acme's admin."""
    return make_person("Alice", acme, Role.ADMIN)


@pytest.fixture
def bob(acme: Tenant) -> User:
    """Make acme's viewer."""
    return make_person("Bob", acme, Role.VIEWER)


@pytest.fixture
def analyst(acme: Tenant) -> User:
    """Make acme's analyst."""
    return make_person("Nadia", acme, Role.ANALYST)


@pytest.fixture
def auditor(acme: Tenant) -> User:
    """Make acme's auditor."""
    return make_person("Omar", acme, Role.AUDITOR)


@pytest.fixture
def mallory(globex: Tenant) -> User:
    """Make the admin of the other tenant."""
    return make_person("Mallory", globex, Role.ADMIN)


@pytest.fixture
def sign_in(db: None) -> Callable[[User], Client]:
    """Give the function that returns a browser in which a person is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


# --- Servers --------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def broker_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Run one Valkey for the session."""
    with Broker(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture
def broker(broker_server: Broker, settings: Any) -> Iterator[Broker]:
    """Give an empty broker, and send this process's messages to it."""
    broker_server.empty()
    before = celery_app.conf.broker_url
    _send_messages_to(broker_server.url)
    settings.BROKER_URL = broker_server.url
    yield broker_server
    _send_messages_to(before)


def _send_messages_to(url: str) -> None:
    """Point this process's Celery at a broker, and drop the connections it pooled to another."""
    pools.reset()
    celery_app.conf.update(broker_url=url)
    celery_app._after_fork()  # type: ignore[attr-defined]  # it alone forgets the app's own pools


@pytest.fixture
def processes(transactional_db: None, broker: Broker, tmp_path: Path) -> Iterator[Processes]:
    """Start real workers and beats on this test's database and broker; all end with the test."""
    with Processes(broker_url=broker.url, logs=tmp_path) as started:
        yield started


@pytest.fixture
def simulator(settings: Any) -> Iterator[Any]:
    """Run the provider simulator (small world), and allow its host."""
    from providers.simulator.server import Simulator

    with Simulator(world="small", seed=7, port=0) as running:
        settings.PROVIDER_HOSTS = [running.url]
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run one Chromium for the session, or skip."""
    path = chromium_path()
    if path is None:
        lacking("Chromium")
    # Playwright's loop runs in this thread, where Django would refuse every query.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass(frozen=True)
class Walk:
    """One browser tab on the live server, and what its console complained of."""

    page: Page
    url: str
    complaints: list[str]


@pytest.fixture
def walk(browser: Browser, live_server: LiveServer) -> Iterator[Walk]:
    """Open a fresh browser window on a server of this test's database."""
    context = browser.new_context(base_url=live_server.url)
    complaints: list[str] = []
    context.on("console", lambda message: _note(message, complaints))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield Walk(context.new_page(), live_server.url, complaints)
    context.close()


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in {"error", "warning"}:
        complaints.append(message.text)
