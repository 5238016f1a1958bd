"""Open the one HTTP client of a run or a test, towards allowed hosts alone."""

from typing import Any

from providers.connectors.base import Connector, Secret, Values
from providers.http import Client
from providers.rows import Environment
from providers.services.drafts import allowed_hosts


def open_client(
    connector: Connector, *, values: Values, environment: str, **options: Any
) -> Client:
    """Return a client for a provider, a context manager whose errors show no secret.

    `options` are those of `Client` that are not the connector's: limits, hooks, clocks.
    Raises: HostRefused.
    """
    return Client(
        base_url=connector.base_url(values, environment=Environment(environment)),
        secrets=[value.reveal() for value in values.values() if isinstance(value, Secret)],
        allowed_hosts=allowed_hosts(connector),
        **connector.client_options(values),
        **options,
    )
