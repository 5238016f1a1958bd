"""Run a small world for a test, and ask its faces over HTTP with good keys."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from providers.simulator.server import Simulator

Ask = Callable[..., httpx.Response]


def good_headers(simulator: Simulator, slot: str) -> dict[str, str]:
    """Give the headers that the slot's provider wants."""
    (secret,) = simulator.secrets[slot].values()
    return {
        "payman": {
            "x-payman-api-secret": secret,
            "Accept": "application/vnd.payman.v1+json",
        },
        "payiano": {"Authorization": f"Bearer {secret}"},
        "swipelux": {"X-API-Key": secret},
    }[slot.partition("_")[0]]


@pytest.fixture
def world() -> Iterator[Simulator]:
    """Serve the small world."""
    with Simulator("small", seed=7) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """Give a client that follows nothing and gives up after two seconds."""
    with httpx.Client(timeout=2, trust_env=False) as made:
        yield made


@pytest.fixture
def ask(world: Simulator, client: httpx.Client) -> Ask:
    """Give the function that asks a path of a slot's provider, with its key unless headers are given."""

    def asked(slot: str, path: str, **options: Any) -> httpx.Response:
        options.setdefault("headers", good_headers(world, slot))
        method = options.pop("method", "GET")
        return client.request(method, world.base_url(slot) + path, **options)

    return asked
