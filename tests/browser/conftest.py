"""Fill a tenant once per test, so that every page has something to show."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from balances import tasks
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.browser import pseudo
from tests.browser.product import TIMES, Product
from tests.processes import Processes
from tests.sync.worlds import PROVIDERS, connect


@pytest.fixture
def filled(acme: Tenant, simulator: Simulator, settings: Any, bob: User) -> Simulator:
    """Read acme's three providers once, and one of them in vain."""
    settings.POLL_FLOOR_SECONDS = 0
    credentials = [connect(acme, simulator, slot) for slot in PROVIDERS]
    for credential in credentials:
        tasks.sync(credential.pk)
    simulator.fault("status", provider="payiano", status=503)
    tasks.sync(credentials[1].pk, is_forced=True)
    return simulator


@pytest.fixture
def product(
    processes: Processes, simulator: Simulator, settings: Any, tmp_path: Path
) -> Iterator[Product]:
    """Run the whole product; whatever is done in its windows, their consoles stay silent."""
    for name, seconds in TIMES.items():
        setattr(settings, name, seconds)
    running = Product(processes, simulator, tmp_path)
    running.start()
    yield running
    assert running.complaints == []


@pytest.fixture
def speak(settings: Any, tmp_path: Path) -> Callable[[], None]:
    """Give the function after which every page speaks the pseudo language."""
    pseudo.write(tmp_path)

    def spoken() -> None:
        settings.LOCALE_PATHS = [tmp_path]
        settings.LANGUAGE_CODE = pseudo.LANGUAGE

    return spoken


@pytest.fixture
def foreign(filled: Simulator, speak: Callable[[], None]) -> None:
    """Fill in English, as stored words are, and show it in the pseudo language."""
    speak()
