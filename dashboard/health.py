"""Answer the two probes: is this process up, and does the whole system do its work.

A load balancer asks `live`, since pages stay readable while syncs stand still; a monitor asks `ready`.
Neither names a tenant, a host or a fault in words.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.celery import app
from providers.models import Credential, Heartbeat

LATE_TICKS = 3


@login_not_required
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 503 as soon as one part does not do its work."""
    now = timezone.now()
    parts: dict[str, Callable[[datetime], bool]] = {
        "database": _database_answers,
        "cache": _cache_answers,
        "broker": _broker_answers,
        "tick": _ticked_lately,
        "syncs": _syncs_keep_up,
    }
    found = {name: _is_well(part, now) for name, part in parts.items()}
    body = {name: "ok" if well else "failing" for name, well in found.items()}
    return JsonResponse(body, status=200 if all(found.values()) else 503)


def _is_well(part: Callable[[datetime], bool], now: datetime) -> bool:
    try:
        return part(now)
    except Exception:  # noqa: BLE001  # a part that cannot be asked does not do its work, whatever it raised
        return False


def _database_answers(now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _cache_answers(now: datetime) -> bool:
    cache.set("health", now.isoformat(), timeout=60)
    return cache.get("health") is not None


def _broker_answers(now: datetime) -> bool:
    # A broker that is frozen takes the connection and never answers; a worker waits for it on purpose.
    with app.connection_for_write(transport_options={"socket_timeout": 1}) as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
    return True


def _ticked_lately(now: datetime) -> bool:
    """Tell whether the dispatcher ran within three ticks, and a second to do its work."""
    since = now - timedelta(seconds=LATE_TICKS * settings.TICK_SECONDS + 1)
    return Heartbeat.objects.filter(name="dispatch_due", at__gte=since).exists()


def _syncs_keep_up(now: datetime) -> bool:
    """Tell whether nothing that is due has waited longer than a dead worker's lease and three ticks."""
    patience = settings.LEASE_SECONDS + LATE_TICKS * settings.TICK_SECONDS
    overdue = Credential.unscoped.filter(
        due_at__lt=now - timedelta(seconds=patience), paused_at=None, retired_at=None
    )
    return not overdue.exists()
