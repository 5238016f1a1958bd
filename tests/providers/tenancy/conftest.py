"""Put the tests of the door on addresses of their own, and let nobody be locked out between them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _own_addresses(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.providers.tenancy.urls"
    cache.clear()
    yield
    cache.clear()
