"""Fill a tenant once per test, so that every page has something to show."""

from typing import Any

import pytest

from balances import tasks
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant, User
from tests.sync.worlds import PROVIDERS, connect


@pytest.fixture
def filled(acme: Tenant, simulator: Simulator, settings: Any, bob: User) -> Simulator:
    """Read acme's three providers once, and one of them in vain."""
    settings.POLL_FLOOR_SECONDS = 0
    credentials = [connect(acme, simulator, slot) for slot in PROVIDERS]
    for credential in credentials:
        tasks.sync(credential.pk)
    simulator.fault("status", provider="payiano", status=503)
    tasks.sync(credentials[1].pk)
    return simulator
