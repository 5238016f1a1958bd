"""Show sync runs: a list that follows the ones under way, and one run with its scopes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from providers.connectors import CONNECTORS
from providers.models import Outcome, RunScope, RunStatus, SyncRun, Trigger
from providers.services.holdings import given_names
from providers.tenancy import htmx
from providers.tenancy.models import Tenant
from providers.tenancy.scoping import Action, TenantRequest, may, role_required
from providers.views import selection
from providers.views.health import mend_text
from providers.views.streaks import Missed, missed
from providers.words import error_brief, error_class, error_words, told_status

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
    """One run in words and links, ready for a template; `streak` equal failures stand behind one."""

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
    why: str
    error: str
    done: int
    total: int
    took: timedelta | None
    so_far: timedelta | None
    read_text: str
    changed_text: str
    missed: Missed
    streak: int = 1
    first_at: datetime | None = None


def present(
    run: SyncRun,
    *,
    tenant: Tenant,
    linked: bool = True,
    missed: Missed | None = None,
    now: datetime | None = None,
) -> RunItem:
    """Put a run into words; without `linked` it has no address (the reader may not open it)."""
    tone, icon = TONES[RunStatus(run.status)]
    done = run.scopes_read + run.scopes_held + run.scopes_failed
    streak = getattr(run, "streak", 1)
    missed = missed or Missed()
    return RunItem(
        run=run,
        url=reverse("providers:run", args=[tenant.slug, run.public_id]) if linked else "",
        credential_label=selection.credential_label(run.credential),
        provider_label=CONNECTORS[run.credential.provider].label,
        slot=list(CONNECTORS).index(run.credential.provider) + 1,
        trigger=_trigger(run),
        running=run.status == RunStatus.RUNNING,
        tone=tone,
        icon=icon,
        text=run_text(run, streak=streak),
        why=why_text(run, missed=missed),
        error=capfirst(str(error_words(run.error_code).short)) if run.error_code else "",
        done=done,
        total=max(run.scopes_total, done, 1),
        took=_took(run, streak=streak),
        so_far=max(now - run.started_at, timedelta()) if now else None,
        read_text=f"{run.rows_read:,}",
        changed_text=_changed(run),
        missed=missed,
        streak=streak,
        first_at=getattr(run, "first_at", None) if streak > 1 else None,
    )


def _trigger(run: SyncRun) -> str:
    """Name what made a run start, or who; of several runs only where all agree."""
    if getattr(run, "triggers", 1) > 1:
        return _("Several")
    return str(run.requested_by) if run.requested_by else str(Trigger(run.trigger).label)


def _took(run: SyncRun, *, streak: int) -> timedelta | None:
    if streak > 1:
        each: timedelta | None = getattr(run, "each_took", None)
        return each
    return run.ended_at - run.started_at if run.ended_at else None


def _changed(run: SyncRun) -> str:
    """Count what changed; of what was not read it is not known."""
    if run.status in (RunStatus.FAILED, RunStatus.HELD) and not run.rows_read:
        return _("not known")
    return f"{run.rows_changed:,}"


def run_text(run: SyncRun, *, streak: int = 1) -> str:
    """Say in a few words how a run stands or ended, from what the run kept: a past one never changes its words."""
    if run.status == RunStatus.RUNNING:
        text = ngettext("%(n)s balance read so far", "%(n)s balances read so far", run.rows_read)
        return text % {"n": f"{run.rows_read:,}"}
    if run.status == RunStatus.SUCCEEDED:
        return _("Read")
    if run.status == RunStatus.PARTIAL:
        text = ngettext(
            "Partial, %(n)s balance read", "Partial, %(n)s balances read", run.rows_read
        )
        return text % {"n": f"{run.rows_read:,}"}
    if run.status == RunStatus.HELD:
        return ngettext("%d reading held", "%d readings held", run.scopes_held) % run.scopes_held
    if run.status == RunStatus.ABANDONED:
        return _("Abandoned, the worker was lost")
    return _failed_text(run, streak=streak)


def _failed_text(run: SyncRun, *, streak: int) -> str:
    """Say that a run failed and how, or how many did; a status is told only where all were answered it."""
    told = ""
    if run.error_code:
        is_same = getattr(run, "answers", 1) == 1
        told = error_class(run.error_code, detail=run.error_detail if is_same else "")
    if streak == 1:
        return _("Failed, %(class)s") % {"class": told} if told else _("Failed")
    said = {"n": f"{streak:,}", "class": told}
    if not told:
        return ngettext("%(n)s run failed", "%(n)s runs failed", streak) % said
    return ngettext("%(n)s run failed, %(class)s", "%(n)s runs failed, %(class)s", streak) % said


def why_text(run: SyncRun, *, missed: Missed) -> str:
    """Say why a run did not read all: its own error, then the parts by name."""
    parts = []
    if run.error_code:
        parts.append(capfirst(str(error_words(run.error_code).short)))
    parts += missed.names
    more = len(missed.others) + missed.unlisted
    if more:
        parts.append(ngettext("%(n)s more", "%(n)s more", more) % {"n": f"{more:,}"})
    return "; ".join(parts)


@require_GET
@role_required(Action.READ_PROVIDERS)
def runs(request: TenantRequest, tenant: str) -> HttpResponse:
    """List the tenant's runs, newest first, by result and credential."""
    tenant_of, now = request.tenant, timezone.now()
    asked = selection.read(request.GET, path=request.path, tenant=tenant_of, now=now)
    found, pager = ([], {}) if asked.faults else selection.paged(asked, tenant=tenant_of)
    lost = missed(tenant_of, found)
    items = [present(run, tenant=tenant_of, missed=lost.get(run.pk), now=now) for run in found]
    context = {
        "runs": [{"item": item, "mend": _mend(request, item, asked=asked)} for item in items],
        "live": asked.page == 1 and any(item.running for item in items),
        "this_url": asked.address(),
        "all_url": request.path,
        "faults": asked.faults,
        "statuses": selection.status_links(asked),
        "credentials": selection.credential_links(asked),
        "spans": selection.started_links(asked),
        "span": selection.STARTED[asked.started][1],
        "any_url": asked.address(started="any"),
        "has_older": not items and _has_any(tenant_of),
        "is_usual": asked.started == selection.USUAL,
        "credential": asked.credential,
        "is_filtered": asked.is_filtered,
        "pager": pager,
        "active": [
            {"label": selection.credential_label(each), "public_id": each.public_id}
            for each in asked.credentials
            if each.is_active
        ],
        "may_sync": may(request.role, action=Action.SYNC),
        "now": now,
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
    lost = missed(request.tenant, [found]).get(found.pk)
    item = present(found, tenant=request.tenant, missed=lost)
    told = list(outcomes.order_by("outcome", "id"))
    given = given_names(request.tenant, scopes=[outcome.scope_id for outcome in told])
    context = {
        "item": item,
        "mend": _mend(request, item),
        "scopes": [_scope_item(outcome, given=given) for outcome in told],
        "nothing_text": _nothing_text(found),
        "live": item.running,
        "runs_url": reverse("providers:runs", args=[request.tenant.slug]),
        "now": timezone.now(),
    }
    return htmx.render(
        request, "providers/run.html", context, partials={"providers-run": "providers/_run.html"}
    )


def _nothing_text(run: SyncRun) -> str:
    """Say why no part is named; of a run that an error ended, only what it read is known."""
    if run.status == RunStatus.RUNNING:
        return _("No part failed, was held or changed so far.")
    if run.status in (RunStatus.SUCCEEDED, RunStatus.PARTIAL):
        return _("No part failed, was held or changed in this run.")
    if run.scopes_read:
        return _("The run ended before every part was read.")
    return _("The run ended before any part was read.")


def _has_any(tenant: Tenant) -> bool:
    return bool(SyncRun.objects.for_tenant(tenant).exists())


def _mend(
    request: TenantRequest, item: RunItem, *, asked: selection.Selection | None = None
) -> dict[str, Any]:
    """Say of a failure what mends it, when it is tried again, and where its runs stand one by one."""
    credential, slug = item.run.credential, request.tenant.slug
    is_last = bool(credential.error_code) and credential.error_code == item.run.error_code
    mended_by_us = is_last and may(request.role, action=Action.MANAGE_CREDENTIALS)
    each = ""
    if asked is not None and item.streak > 1:
        each = asked.address(status=RunStatus.FAILED, credential=credential, is_each=True)
    return {
        "remedy": error_words(item.run.error_code).remedy if item.run.error_code else "",
        "next_at": credential.due_at if is_last and credential.is_active else None,
        "each_url": each,
        "url": reverse("providers:credential", args=[slug, credential.public_id])
        if mended_by_us
        else "",
        "label": mend_text(credential) if mended_by_us else "",
    }


def _is_bare(detail: str) -> bool:
    """Tell whether a detail is the status alone, which the words say already."""
    return detail == f"HTTP {told_status(detail)}"


def _scope_item(outcome: RunScope, *, given: Mapping[int, str]) -> dict[str, Any]:
    tone, icon = OUTCOME_TONES[Outcome(outcome.outcome)]
    failed = outcome.outcome == Outcome.FAILED
    return {
        "name": given.get(outcome.scope_id) or outcome.scope.name or outcome.scope.ref,
        "tone": tone,
        "icon": icon,
        "text": capfirst(error_brief(outcome.error_code, detail=outcome.error_detail))
        if failed
        else str(Outcome(outcome.outcome).label),
        "changed_text": f"{outcome.rows_changed:,}"
        if outcome.outcome == Outcome.READ
        else _("not known"),
        "detail": "" if _is_bare(outcome.error_detail) else outcome.error_detail,
        "rows_read": outcome.rows_read,
        "rows_changed": outcome.rows_changed,
    }
