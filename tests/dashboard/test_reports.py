"""Claims about the error page of `DEBUG`: it shows where it broke, and no secret."""

from typing import Any

import httpx
import pytest
from django.test import Client

from providers.http import client as http_client
from providers.http import wire
from providers.tenancy import people
from providers.tenancy.models import Tenant, User
from tests.conftest import PASSWORD

CANARY = "".join(("canary", "-0123456789"))  # in parts: the page shows the source around a fault


def boom(*_: Any, **__: Any) -> None:
    raise RuntimeError("boom")


@pytest.fixture
def debugging(settings: Any) -> Client:
    """Show errors as a developer's machine does."""
    settings.DEBUG = True
    settings.BROKER_URL = f"redis://:{CANARY}@broker.example/0"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (http_client, "Pace"),
        (wire, "_Transport"),
        (wire, "GuardedBackend"),
        (httpx.Client, "stream"),
    ],
)
def test_a_broken_test_of_a_credential_shows_no_secret(
    acme: Tenant,
    alice: User,
    simulator: Any,
    debugging: Client,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    name: str,
) -> None:
    monkeypatch.setattr(where, name, boom)
    debugging.force_login(alice)
    base_url = simulator.base_url("payiano")
    entered = {"name": "X", "environment": "LIVE", "base_url": base_url, "access_token": CANARY}

    page = debugging.post("/acme/providers/test/", {"provider": "payiano", **entered})

    html = page.content.decode()
    assert page.status_code == 500
    assert "RuntimeError" in html
    assert "access_token" in html
    assert CANARY not in html


def test_a_broken_sign_in_shows_no_password(
    alice: User, debugging: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "record_for", boom)

    page = debugging.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})

    assert page.status_code == 500
    assert "RuntimeError" in page.content.decode()
    assert PASSWORD not in page.content.decode()


def test_a_session_is_not_shown(
    acme: Tenant, alice: User, debugging: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.tenancy.htmx.render", boom)
    debugging.force_login(alice)

    page = debugging.get("/acme/providers/")

    assert page.status_code == 500
    assert debugging.cookies["session"].value not in page.content.decode()
