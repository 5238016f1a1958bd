"""Make the Celery app: how messages travel, on which queues, and who wakes the schedule.

A message is only a wake-up; the schedule itself is rows (see `providers.schedule`). A worker may therefore
die, and the broker be emptied, at any moment: that costs one tick.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init, worker_process_init
from django.conf import settings
from django.core.checks import Error
from kombu import Queue
from kombu.exceptions import OperationalError

from dashboard.checks import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

PR_SET_PDEATHSIG = 1


def transport_options() -> dict[str, Any]:
    """Restore messages of dead workers soon, and let a publisher wait one second at most.

    Source: kombu 5.7 looks for them every interval × throttle seconds, 100 by default.
    """
    return {
        "visibility_timeout": settings.VISIBILITY_SECONDS,
        "unacked_restore_interval": settings.TICK_SECONDS,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def delivery() -> dict[str, Any]:
    """Deliver at least once, hold no result, and take nothing but JSON."""
    return {
        "broker_url": settings.BROKER_URL or "memory://",
        "broker_transport_options": transport_options(),
        "result_backend_transport_options": {"visibility_timeout": settings.VISIBILITY_SECONDS},
        "visibility_timeout": settings.VISIBILITY_SECONDS,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.2, "interval_max": 0.2},
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 30,
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_max_tasks_per_child": 500,
        "worker_max_memory_per_child": 400_000,
        "enable_utc": True,
    }


def queues() -> dict[str, Any]:
    """Route each task, and bound all of them but the sync, which bounds itself by request and scope."""
    return {
        "task_queues": [Queue("tick"), Queue("sync"), Queue("files")],
        "task_default_queue": "sync",
        "task_create_missing_queues": False,
        "task_routes": {
            "balances.tasks.dispatch_due": {"queue": "tick"},
            "balances.tasks.sweep": {"queue": "tick"},
            "balances.tasks.make_closings": {"queue": "tick"},
        },
        "task_annotations": {
            "*": {"soft_time_limit": 75, "time_limit": 90},
            "balances.tasks.sync_credential": {"soft_time_limit": None, "time_limit": None},
        },
    }


def schedule() -> dict[str, Any]:
    """Tick every few seconds; a tick nobody took within three is dropped, so none pile up."""
    tick = settings.TICK_SECONDS
    options = {"queue": "tick", "expires": 3 * tick}
    return {
        # Every beat starts anew: it has no state worth a file.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": tick,
        "beat_schedule": {
            name: {"task": f"balances.tasks.{name}", "schedule": tick, "options": options}
            for name in ("dispatch_due", "sweep", "make_closings")
        },
    }


def fixups() -> list[str]:
    """Bind Django's set-up to a worker or beat alone: it imports all of Celery's worker.

    A web process publishes without it, and starts without the worker's code.
    """
    is_celery = "celery" in Path(sys.argv[0]).parts[-2:]
    return list(Celery.builtin_fixups) if is_celery else []


app = Celery("dashboard", fixups=fixups())
app.add_defaults(lambda: {**delivery(), **queues(), **schedule()})
app.autodiscover_tasks()
# A web server answers in threads, where a shared task would find an app without our broker.
app.set_default()


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Leave the log set-up to Django's settings: a connected receiver stops Celery's own."""


@worker_init.connect
@beat_init.connect
def refuse_unsafe_settings(**_: object) -> None:
    """Stop a worker or beat that would run on unsafe settings, or on a broker that drops messages.

    Raises: SystemExit, since Celery swallows plain exceptions of receivers.
    """
    refuse_unsafe_start(broker_faults())


def broker_faults() -> list[Error]:
    """Find a Redis that evicts; one that cannot be reached yet is waited for, not refused."""
    if not settings.BROKER_URL.startswith("redis"):
        return []
    with app.connection_for_read(connect_timeout=1) as broker:
        away: tuple[type[BaseException], ...] = (*broker.connection_errors, OperationalError)
        try:
            channel: Any = broker.channel()
            policy = channel.client.info("memory").get("maxmemory_policy")
        except away:
            return []
    if policy == "noeviction":
        return []
    message = f"BROKER_URL is a Redis that drops messages: maxmemory-policy is {policy}."
    return [Error(message, id="dashboard.E013")]


@worker_process_init.connect
def die_with_worker(**_: object) -> None:
    """Let a pool process die with its worker, however that one dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
