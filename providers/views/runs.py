"""Show sync runs: a list that follows the ones under way, and one run with its scopes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from providers.connectors import CONNECTORS
from providers.models import Credential, Outcome, RunScope, RunStatus, SyncRun, Trigger
from providers.tenancy import htmx
from providers.tenancy.models import Tenant
from providers.tenancy.scoping import Action, TenantRequest, may, role_required
from providers.words import error_words

PAGE_SIZE = 25
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
        credential_label=f"{CONNECTORS[run.credential.provider].label} {run.credential.name}",
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
    faults, status, credential = _filters(request.GET, request.tenant)
    found = _selected(request.tenant, status, credential)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    items = [present(run, tenant=request.tenant) for run in page.object_list]
    context = {
        "runs": items,
        "live": page.number == 1 and any(item.running for item in items),
        "this_url": request.get_full_path(),
        "all_url": reverse("providers:runs", args=[request.tenant.slug]),
        "faults": faults,
        "statuses": _status_links(request),
        "credentials": _credential_links(request),
        "credential": credential,
        "pager": _pager(request, page),
        "may_sync": may(request.role, action=Action.SYNC),
        "now": timezone.now(),
    }
    partials = {"providers-runs-table": "providers/_runs_table.html"}
    return htmx.render(
        request, "providers/runs.html", context, partials=partials, status=422 if faults else 200
    )


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
        "scopes": [_scope_item(outcome) for outcome in outcomes.order_by("-outcome", "id")],
        "live": item.running,
        "runs_url": reverse("providers:runs", args=[request.tenant.slug]),
        "now": timezone.now(),
    }
    return htmx.render(
        request, "providers/run.html", context, partials={"providers-run": "providers/_run.html"}
    )


def _filters(
    params: QueryDict, tenant: Tenant
) -> tuple[list[str], RunStatus | None, Credential | None]:
    faults = [
        _("“%(name)s” is not something runs can be filtered by.") % {"name": name[:40]}
        for name in params
        if name not in {"status", "credential", "page"}
    ]
    status = params.get("status", "").upper()
    if status and status not in RunStatus:
        faults.append(_("“%(value)s” is no result of a run.") % {"value": status.lower()[:40]})
        status = ""
    credential = None
    if wanted := params.get("credential"):
        credential = _credentials(tenant).filter(public_id=wanted).first()
        if credential is None:
            faults.append(_("There is no such credential here."))
    if not params.get("page", "1").isdecimal() or len(params.get("page", "1")) > 9:
        faults.append(_("page is a whole number from 1."))
    return faults, RunStatus(status) if status else None, credential


def _selected(
    tenant: Tenant, status: RunStatus | None, credential: Credential | None
) -> QuerySet[SyncRun]:
    found = SyncRun.objects.for_tenant(tenant).select_related("credential", "requested_by")
    if status:
        found = found.filter(status=status)
    if credential:
        found = found.filter(credential=credential)
    return found.order_by("-started_at", "-id")


def _credentials(tenant: Tenant) -> QuerySet[Credential]:
    return Credential.objects.for_tenant(tenant).order_by("provider", "name", "id")


def _address(request: HttpRequest, **changes: str | None) -> str:
    params = request.GET.copy()
    params.pop("page", None)
    for name, value in changes.items():
        params.pop(name, None)
        if value:
            params[name] = value
    query = params.urlencode()
    return f"{request.path}?{query}" if query else request.path


def _status_links(request: TenantRequest) -> list[dict[str, Any]]:
    current = request.GET.get("status", "")
    choices = [("", _("All"))] + [(s.value.lower(), str(s.label)) for s in RunStatus]
    return [
        {"label": label, "url": _address(request, status=value), "current": current == value}
        for value, label in choices
    ]


def _credential_links(request: TenantRequest) -> list[dict[str, Any]]:
    current = request.GET.get("credential", "")
    links = [{"label": _("All"), "url": _address(request, credential=None), "current": not current}]
    for credential in _credentials(request.tenant):
        label = f"{CONNECTORS[credential.provider].label} {credential.name}"
        url = _address(request, credential=credential.public_id)
        links.append({"label": label, "url": url, "current": current == credential.public_id})
    return links


def _pager(request: TenantRequest, page: Any) -> dict[str, Any]:
    numbers: Iterable[int | str] = page.paginator.get_elided_page_range(page.number, on_each_side=2)
    pages = [
        {"number": n, "url": _address(request, page=str(n)), "current": n == page.number}
        if isinstance(n, int)
        else {"number": None, "url": ""}
        for n in numbers
    ]
    return {
        "text": _("%(start)d to %(end)d of %(count)d runs")
        % {"start": page.start_index(), "end": page.end_index(), "count": page.paginator.count},
        "pages": pages if page.paginator.num_pages > 1 else [],
        "previous_url": _address(request, page=str(page.number - 1)) if page.has_previous() else "",
        "next_url": _address(request, page=str(page.number + 1)) if page.has_next() else "",
    }


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
