"""Show sync runs: a list that follows the ones under way, and one run with its scopes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from providers.connectors import CONNECTORS
from providers.models import Outcome, RunScope, RunStatus, SyncRun, Trigger
from providers.tenancy import htmx
from providers.tenancy.models import Tenant
from providers.tenancy.scoping import Action, TenantRequest, may, role_required
from providers.views import selection
from providers.words import error_words

TABLE = {"providers-runs-table": "providers/_runs_table.html"}
TONES = {
    RunStatus.SUCCEEDED: ("ok", "check"),
    RunStatus.PARTIAL: ("warn", "clock"),
    RunStatus.HELD: ("warn", "lock"),
    RunStatus.FAILED: ("bad", "alert"),
    RunStatus.ABANDONED: ("warn", "error"),
    RunStatus.RUNNING: ("run", "refresh"),
}
OUTCOME_TONES = {
    Outcome.READ: ("ok", "check"),
    Outcome.HELD: ("warn", "lock"),
    Outcome.FAILED: ("bad", "alert"),
}


@dataclass(frozen=True)
class RunItem:
    """One run in words and links, ready for a template."""

    run: SyncRun
    url: str
    credential_label: str
    provider_label: str
    slot: int
    trigger: str
    running: bool
    tone: str
    icon: str
    text: str
    done: int
    total: int
    took: timedelta | None
    scope_text: str = ""


def present(run: SyncRun, *, tenant: Tenant, linked: bool = True, scope_text: str = "") -> RunItem:
    """Put a run into words; without `linked` it has no address (the reader may not open it)."""
    tone, icon = TONES[RunStatus(run.status)]
    done = run.scopes_read + run.scopes_held + run.scopes_failed
    return RunItem(
        run=run,
        url=reverse("providers:run", args=[tenant.slug, run.public_id]) if linked else "",
        credential_label=selection.credential_label(run.credential),
        provider_label=CONNECTORS[run.credential.provider].label,
        slot=list(CONNECTORS).index(run.credential.provider) + 1,
        trigger=str(run.requested_by) if run.requested_by else str(Trigger(run.trigger).label),
        running=run.status == RunStatus.RUNNING,
        tone=tone,
        icon=icon,
        text=run_text(run),
        done=done,
        total=max(run.scopes_total, done, 1),
        took=run.ended_at - run.started_at if run.ended_at else None,
        scope_text=scope_text,
    )


def run_text(run: SyncRun) -> str:
    """Say in a few words how a run stands or ended."""
    done = run.scopes_read + run.scopes_held + run.scopes_failed
    if run.status == RunStatus.RUNNING:
        return _("%(done)d of %(total)d scopes") % {
            "done": done,
            "total": max(run.scopes_total, done),
        }
    if run.status == RunStatus.SUCCEEDED:
        return _("Read")
    if run.status == RunStatus.PARTIAL:
        return _("Partial, %(read)d of %(done)d scopes") % {"read": run.scopes_read, "done": done}
    if run.status == RunStatus.HELD:
        return ngettext("%d scope held", "%d scopes held", run.scopes_held) % run.scopes_held
    if run.status == RunStatus.ABANDONED:
        return _("Abandoned, the worker was lost")
    return _("Failed: %(why)s") % {"why": error_words(run.error_code).short}


@require_GET
@role_required(Action.READ_PROVIDERS)
def runs(request: TenantRequest, tenant: str) -> HttpResponse:
    """List the tenant's runs, newest first, by result and credential."""
    asked = selection.read(request.GET, path=request.path, tenant=request.tenant)
    found, pager = ([], {}) if asked.faults else selection.paged(asked, tenant=request.tenant)
    items = [present(run, tenant=request.tenant) for run in found]
    context = {
        "runs": items,
        "live": asked.page == 1 and any(item.running for item in items),
        "this_url": asked.address(),
        "all_url": request.path,
        "faults": asked.faults,
        "statuses": selection.status_links(asked),
        "credentials": selection.credential_links(asked),
        "credential": asked.credential,
        "is_filtered": asked.is_filtered,
        "pager": pager,
        "may_sync": may(request.role, action=Action.SYNC),
        "now": timezone.now(),
    }
    status = 422 if asked.faults else 200
    return htmx.render(request, "providers/runs.html", context, partials=TABLE, status=status)


@require_GET
@role_required(Action.READ_PROVIDERS)
def run(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Show one run, its scopes that failed, were held or changed, and its progress while it runs."""
    found = get_object_or_404(
        SyncRun.objects.for_tenant(request.tenant).select_related("credential", "requested_by"),
        public_id=public_id,
    )
    outcomes = RunScope.objects.for_tenant(request.tenant).filter(run=found).select_related("scope")
    item = present(found, tenant=request.tenant)
    context = {
        "item": item,
        "scopes": [_scope_item(outcome) for outcome in outcomes.order_by("outcome", "id")],
        "live": item.running,
        "runs_url": reverse("providers:runs", args=[request.tenant.slug]),
        "now": timezone.now(),
    }
    return htmx.render(
        request, "providers/run.html", context, partials={"providers-run": "providers/_run.html"}
    )


def _scope_item(outcome: RunScope) -> dict[str, Any]:
    tone, icon = OUTCOME_TONES[Outcome(outcome.outcome)]
    failed = outcome.outcome == Outcome.FAILED
    return {
        "name": outcome.scope.name,
        "ref": outcome.scope.ref,
        "tone": tone,
        "icon": icon,
        "text": str(error_words(outcome.error_code).short)
        if failed
        else str(Outcome(outcome.outcome).label),
        "detail": outcome.error_detail,
        "rows_read": outcome.rows_read,
        "rows_changed": outcome.rows_changed,
    }
