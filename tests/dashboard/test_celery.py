import threading
from typing import Any

from celery import current_app

from dashboard.celery import app, broker_faults
from tests.cluster import free_port
from tests.processes import Broker

SYNC, TICKS = "balances.tasks.sync_credential", ("dispatch_due", "sweep", "make_closings")


def limits(name: str) -> tuple[float | None, float | None]:
    """Apply the annotations as Celery does when it binds a task of this name."""
    values: dict[str, Any] = {}
    for annotation in (app.conf.task_annotations["*"], app.conf.task_annotations.get(name, {})):
        values |= annotation
    return values["soft_time_limit"], values["time_limit"]


def test_messages_are_acknowledged_late_and_one_at_a_time() -> None:
    conf = app.conf

    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_ignore_result
    assert conf.result_backend is None
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"


def test_visibility_stands_in_the_three_places(settings: Any) -> None:
    conf, seconds = app.conf, settings.VISIBILITY_SECONDS

    assert conf.broker_transport_options["visibility_timeout"] == seconds
    assert conf.result_backend_transport_options["visibility_timeout"] == seconds
    assert conf.visibility_timeout == seconds


def test_dead_workers_messages_are_looked_for_every_tick(settings: Any) -> None:
    options = app.conf.broker_transport_options

    assert options["unacked_restore_interval"] == settings.TICK_SECONDS
    assert options["unacked_restore_throttle"] == 1


def test_publisher_gives_up_soon() -> None:
    policy = app.conf.task_publish_retry_policy

    assert policy["max_retries"] == 1
    assert policy["interval_start"] == 0.2
    assert app.conf.broker_transport_options["socket_connect_timeout"] == 1


def test_every_task_but_the_sync_is_bounded() -> None:
    assert limits(SYNC) == (None, None)
    assert limits("any.other") == (75, 90)
    assert app.conf.task_time_limit is None


def test_ticks_go_to_their_own_queue_and_expire_after_three(settings: Any) -> None:
    entries = app.conf.beat_schedule

    assert set(entries) == set(TICKS)
    for name, entry in entries.items():
        assert entry["task"] == f"balances.tasks.{name}"
        assert entry["schedule"] == settings.TICK_SECONDS
        assert entry["options"] == {"queue": "tick", "expires": 3 * settings.TICK_SECONDS}


def test_unknown_queues_are_not_made() -> None:
    assert {queue.name for queue in app.conf.task_queues} == {"tick", "sync", "files"}
    assert not app.conf.task_create_missing_queues


def test_broker_that_evicts_is_refused_by_name(broker: Broker) -> None:
    assert broker_faults() == []

    broker.client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        (fault,) = broker_faults()
    finally:
        broker.client.config_set("maxmemory-policy", "noeviction")

    assert "maxmemory-policy is allkeys-lru" in fault.msg


def test_broker_that_is_away_is_waited_for(broker: Broker, settings: Any) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    settings.BROKER_URL = away
    app.conf.update(broker_url=away)

    assert broker_faults() == []


def test_a_thread_of_the_web_server_wakes_workers_through_our_broker() -> None:
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(current_app.main))

    thread.start()
    thread.join()

    assert found == ["dashboard"]
