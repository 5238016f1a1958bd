import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from dashboard.celery import app as celery_app
from providers.tenancy.models import Membership, Role, Tenant, User
from tests.processes import Broker, Processes


def test_tests_reach_nothing_but_loopback() -> None:
    with pytest.raises(AssertionError, match=r"only loopback is open"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(AssertionError, match=r"provider\.example"):
        socket.getaddrinfo("provider.example", 443)


def test_the_cast_is_as_introduced(
    acme: Tenant, alice: User, bob: User, analyst: User, auditor: User, mallory: User
) -> None:
    roles = {m.user: m.role for m in Membership.objects.for_tenant(acme).select_related("user")}

    assert roles == {
        alice: Role.ADMIN,
        bob: Role.VIEWER,
        analyst: Role.ANALYST,
        auditor: Role.AUDITOR,
    }
    assert not Membership.objects.for_tenant(acme).filter(user=mallory).exists()


def test_signed_in_client_has_the_persons_session(
    alice: User, sign_in: Callable[[User], Client]
) -> None:
    assert sign_in(alice).session["_auth_user_id"] == str(alice.pk)


def test_counts_are_a_tenth_unless_full(
    count: Callable[[int], int], request: pytest.FixtureRequest
) -> None:
    expected = (1000, 3) if request.config.getoption("--full") else (100, 1)

    assert (count(1000), count(3)) == expected


@pytest.mark.sqlite
@pytest.mark.django_db
def test_sqlite_waits_for_its_turn_and_is_a_file() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (5000,)
    assert Path(connection.settings_dict["NAME"]).exists()
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.postgresql
@pytest.mark.django_db
def test_postgresql_collates_by_icu() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datlocprovider FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ("i",)


def test_broker_starts_empty(broker: Broker) -> None:
    assert broker.answers()
    assert broker.client.dbsize() == 0


def test_messages_of_this_process_reach_the_broker(broker: Broker) -> None:
    celery_app.send_task("balances.tasks.sweep")

    assert broker.client.llen("tick") == 1


def test_worker_takes_messages_on_this_tests_database(processes: Processes) -> None:
    worker = processes.worker("tick", pool="solo", concurrency=1)

    assert worker.process.poll() is None
    assert worker.stop() == 0


@pytest.mark.django_db
def test_only_what_needs_no_database_is_pure(request: pytest.FixtureRequest) -> None:
    pure = {item.name for item in request.session.items if item.get_closest_marker("pure")}

    assert request.node.name not in pure
    assert "test_signed_in_client_has_the_persons_session" not in pure
    if not request.config.getoption("--without-pure"):
        assert "test_tests_reach_nothing_but_loopback" in pure
