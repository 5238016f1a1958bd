"""Draw each credential's last 24 hours."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import ngettext

from balances.results import Context
from dashboard.problems import problems
from providers.connectors import CONNECTORS
from providers.models import Credential, RunStatus, SyncRun
from providers.tenancy.scoping import Action, may
from providers.views.health import Health, present

HALF_HOUR = timedelta(minutes=30)
TICKS = 48
GOOD = frozenset({RunStatus.SUCCEEDED})
LATE = frozenset({RunStatus.PARTIAL, RunStatus.HELD, RunStatus.ABANDONED})
# CSS class, top and height of a tick in a view box 14 high.
SHAPES = {"ok": (4, 10), "late": (4, 10), "fail": (0, 14), "off": (9, 5)}


def health(context: Context, *, role: str) -> dict[str, Any]:
    """Return `strip` and `problems`, the context of dashboard/_health.html."""
    credentials = [c for c in context.stored if c.retired_at is None]
    items = present(context.tenant, credentials, now=context.now)
    runs = _runs(context, credentials)
    linked = may(role, action=Action.READ_PROVIDERS)
    strip = [
        _item(item.credential, item.health, runs.get(item.credential.pk, []), context, linked)
        for item in items
    ]
    return {"strip": strip, "problems": problems(context, credentials, role=role)}


def _runs(
    context: Context, credentials: Sequence[Credential]
) -> Mapping[int, list[tuple[datetime, str]]]:
    found: dict[int, list[tuple[datetime, str]]] = {}
    ended = SyncRun.objects.for_tenant(context.tenant).filter(
        credential__in=credentials, started_at__gt=context.now - TICKS * HALF_HOUR
    )
    for key, at, status in ended.values_list("credential_id", "started_at", "status"):
        found.setdefault(key, []).append((at, status))
    return found


def _item(
    credential: Credential,
    state: Health,
    runs: Sequence[tuple[datetime, str]],
    context: Context,
    linked: bool,
) -> dict[str, Any]:
    ended = [status for _at, status in runs if status != RunStatus.RUNNING]
    good = sum(status in GOOD for status in ended)
    slug = context.tenant.slug
    return {
        "name": f"{CONNECTORS[credential.provider].label} {credential.name}",
        "url": reverse("providers:credential", args=[slug, credential.public_id]) if linked else "",
        "health": state,
        "ticks": list(_ticks(runs, now=context.now)),
        "last_at": credential.last_succeeded_at,
        "next_at": credential.due_at if credential.is_active else None,
        "runs_text": ngettext("%(good)d of %(all)d run", "%(good)d of %(all)d runs", len(ended))
        % {"good": good, "all": len(ended)},
    }


def _ticks(runs: Iterable[tuple[datetime, str]], *, now: datetime) -> Iterable[dict[str, Any]]:
    """Draw 48 half-hours, the worst run of each; a low grey tick where none ran."""
    worst = ["off"] * TICKS
    ranks = ["off", "ok", "late", "fail"]
    for at, status in runs:
        place = TICKS - 1 - int((now - at) / HALF_HOUR)
        mark = _mark(status)
        if 0 <= place < TICKS and ranks.index(mark) > ranks.index(worst[place]):
            worst[place] = mark
    for place, css in enumerate(worst):
        y, height = SHAPES[css]
        yield {"css": css, "x": f"{place}.16", "y": y, "height": height}


def _mark(status: str) -> str:
    if status == RunStatus.RUNNING:
        return "off"
    return "ok" if status in GOOD else "late" if status in LATE else "fail"
