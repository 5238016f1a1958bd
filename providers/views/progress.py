"""Follow the runs that somebody asked for, until they end."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from providers.models import Credential, RunStatus, Scope, SyncRun
from providers.tenancy import htmx
from providers.tenancy.log_query import FIRST_YEAR, LAST_YEAR
from providers.tenancy.models import Tenant
from providers.tenancy.scoping import Action, TenantRequest, role_required
from providers.views.runs import present
from providers.views.selection import credential_label

PARTIAL = {"providers-sync-status": "providers/_sync_status.html"}
PATIENCE = timedelta(seconds=90)
# A run that began a little before the wish is the one that was joined.
JOINED = timedelta(seconds=60)
SOON = timedelta(seconds=2)
UNPROCESSABLE = 422


@require_GET
@role_required(Action.READ_PROVIDERS)
def sync_status(request: TenantRequest, tenant: str) -> HttpResponse:
    """Show how the runs since `since` stand; a part that asks for itself again until they have ended."""
    now = timezone.now()
    wanted = request.GET.get("since")
    since = _instant(wanted) if wanted else now
    if since is None:
        faults = [_("“since” is a time such as 2026-11-20T09:30:00Z.")]
        context: dict[str, Any] = {"faults": faults, "back_url": request.path}
        return render(request, "422.html", context, status=UNPROCESSABLE)
    context = {"sync_status": status(request.tenant, since=since, now=now), "now": now}
    return htmx.render(request, "providers/sync_status.html", context, partials=PARTIAL)


def status(tenant: Tenant, *, since: datetime, now: datetime) -> dict[str, Any]:
    """Return the context of providers/_sync_status.html for a wish made at `since`."""
    runs = SyncRun.objects.for_tenant(tenant).select_related("credential", "requested_by")
    running = [present(run, tenant=tenant) for run in runs.filter(status=RunStatus.RUNNING)]
    ended = list(runs.filter(ended_at__gte=since, started_at__gte=since - JOINED))
    is_waiting = not running and not ended and now - since < PATIENCE
    query = urlencode({"since": since.isoformat()})
    return {
        "running": running,
        "connected": _connected(ended) if not running else None,
        "text": _said(ended, is_waiting=is_waiting) if not running else "",
        "due_at": _next_due(tenant, now=now) if is_waiting else None,
        "tone": _tone(ended),
        "is_live": bool(running) or is_waiting,
        "is_done": bool(ended) and not running,
        "url": f"{reverse('providers:sync_status', args=[tenant.slug])}?{query}",
    }


def first_reading(credential: Credential, *, now: datetime) -> dict[str, Any] | None:
    """Follow a credential from when it was saved until it was read once; None from then on."""
    if not credential.is_active or credential.last_succeeded_at or credential.error_code:
        return None
    return status(credential.tenant, since=credential.created_at, now=now)


def _connected(ended: list[SyncRun]) -> dict[str, str] | None:
    """Say what the first whole reading of one credential brought; None where that is not what ended."""
    if len(ended) != 1 or ended[0].status != RunStatus.SUCCEEDED or ended[0].ended_at is None:
        return None
    (run,) = ended
    whole = SyncRun.objects.for_tenant(run.tenant).filter(
        credential=run.credential, status=RunStatus.SUCCEEDED, started_at__lt=run.started_at
    )
    if whole.exists():
        return None
    fact = _("%(name)s is connected.") % {"name": credential_label(run.credential)}
    return {"fact": fact, "text": _brought(run, took=ended[0].ended_at - run.started_at)}


def _brought(run: SyncRun, *, took: timedelta) -> str:
    """Count what a run read, as “21 balances in 5 currencies, read in 5.4 s”."""
    scopes = Scope.objects.for_tenant(run.tenant).filter(credential=run.credential)
    codes = {code for found in scopes.values_list("currencies", flat=True) for code in found}
    said = {
        "balances": ngettext("%(n)d balance", "%(n)d balances", run.rows_read)
        % {"n": run.rows_read},
        "currencies": ngettext("%(n)d currency", "%(n)d currencies", len(codes))
        % {"n": len(codes)},
        "seconds": f"{took.total_seconds():.1f}",
    }
    return _("%(balances)s in %(currencies)s, read in %(seconds)s s.") % said


def _next_due(tenant: Tenant, *, now: datetime) -> datetime | None:
    """Return when the floor between two readings lets the next one start, if it still holds."""
    active = Credential.objects.for_tenant(tenant).filter(paused_at=None, retired_at=None)
    dues = [due for due in active.values_list("due_at", flat=True) if due is not None]
    return min(dues) if dues and min(dues) > now + SOON else None


def _tone(ended: list[SyncRun]) -> str:
    """Judge runs by the worst of them; a part that was not read is never told as well."""
    found = {run.status for run in ended}
    if RunStatus.FAILED in found:
        return "bad"
    return "ok" if found <= {RunStatus.SUCCEEDED} else "warn"


def _said(ended: list[SyncRun], *, is_waiting: bool) -> str:
    if is_waiting:
        return _("Waiting for a worker")
    if not ended:
        return _("No worker has taken it up yet")
    bad = [run for run in ended if run.status != RunStatus.SUCCEEDED]
    if not bad:
        text = ngettext("%(n)d credential read", "%(n)d credentials read", len(ended))
        return text % {"n": len(ended)}
    return _("%(good)d of %(all)d credentials read whole") % {
        "good": len(ended) - len(bad),
        "all": len(ended),
    }


def _instant(text: str) -> datetime | None:
    """Read a time with its offset; None for what is none, or lies where no calendar can reckon."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or timezone.is_naive(found):
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None
