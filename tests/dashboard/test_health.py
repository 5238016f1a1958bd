import socket
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.celery import app as celery_app
from providers.models import Credential, Heartbeat
from providers.tenancy.models import Tenant
from tests.processes import cache_away


@pytest.fixture
def ticking(db: None) -> None:
    Heartbeat.objects.create(name="dispatch_due", at=timezone.now())


def credential(tenant: Tenant, *, overdue: timedelta, **fields: Any) -> Credential:
    due_at = timezone.now() - overdue
    made: Credential = Credential.unscoped.create(
        tenant=tenant, provider="payiano", name="Main", due_at=due_at, **fields
    )
    return made


def test_live_answers_strangers_without_the_database() -> None:
    answer = Client().get("/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.usefixtures("ticking")
def test_ready_when_all_parts_work() -> None:
    answer = Client().get("/health/ready")

    assert answer.status_code == 200
    assert set(answer.json().values()) == {"ok"}


@pytest.mark.usefixtures("db")
def test_silent_dispatcher_turns_it_red(settings: Any) -> None:
    late = timezone.now() - timedelta(seconds=3 * settings.TICK_SECONDS + 2)
    Heartbeat.objects.create(name="dispatch_due", at=late)

    answer = Client().get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["tick"] == "failing"


@pytest.mark.usefixtures("ticking")
def test_sync_overdue_beyond_lease_and_ticks_turns_it_red(acme: Tenant, settings: Any) -> None:
    patience = timedelta(seconds=settings.LEASE_SECONDS + 3 * settings.TICK_SECONDS)
    one = credential(acme, overdue=patience - timedelta(seconds=5))
    assert Client().get("/health/ready").status_code == 200

    one.due_at = timezone.now() - patience - timedelta(seconds=5)
    one.save()

    assert Client().get("/health/ready").json()["syncs"] == "failing"


@pytest.mark.usefixtures("ticking")
def test_paused_credential_is_not_overdue(acme: Tenant) -> None:
    credential(acme, overdue=timedelta(days=2), paused_at=timezone.now())

    assert Client().get("/health/ready").status_code == 200


@pytest.mark.usefixtures("ticking")
def test_lost_broker_turns_it_red(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise ConnectionRefusedError("no broker")

    monkeypatch.setattr(celery_app, "connection_for_write", refuse)

    answer = Client().get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "failing"
    assert "no broker" not in answer.content.decode()


def test_probes_take_no_post() -> None:
    assert Client().post("/health/live").status_code == 405


@pytest.mark.usefixtures("ticking")
def test_lost_cache_turns_it_red(settings: Any) -> None:
    settings.CACHES = cache_away()

    answer = Client().get("/health/ready")

    assert (answer.status_code, answer.json()["cache"]) == (503, "failing")
    assert answer.json()["database"] == "ok"


@pytest.mark.usefixtures("ticking")
def test_a_broker_that_takes_the_connection_and_never_answers_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        url = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"
        connect = partial(celery_app.connection_for_write, url)
        monkeypatch.setattr(celery_app, "connection_for_write", connect)
        started = time.monotonic()

        answer = Client().get("/health/ready")

    assert answer.json()["broker"] == "failing"
    assert time.monotonic() - started < 10
