"""Read from an address which runs are asked for, and make the addresses of the others."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from providers.connectors import CONNECTORS
from providers.models import Credential, RunStatus, SyncRun
from providers.tenancy.models import Tenant
from providers.tenancy.pager import page_links
from providers.views import streaks

PAGE_SIZE = 25
NAMES = ("status", "credential", "started", "each", "page")
# How far back is looked; the usual one is not written into an address.
STARTED = {
    "24h": (timedelta(hours=24), _lazy("Last 24 hours")),
    "7d": (timedelta(days=7), _lazy("Last 7 days")),
    "any": (None, _lazy("Any time")),
}
USUAL = "24h"
EACH = "1"
SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is asked for below one path; with `faults` nothing is shown, since it was not understood."""

    path: str
    credentials: tuple[Credential, ...]
    now: datetime
    status: RunStatus | None = None
    credential: Credential | None = None
    started: str = USUAL
    is_each: bool = False
    page: int = 1
    faults: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        """Tell whether some runs are left out for what they are, not for when they began."""
        return self.status is not None or self.credential is not None

    @property
    def since(self) -> datetime | None:
        """Return from when on runs are asked for, None for all."""
        span = STARTED[self.started][0]
        return self.now - span if span else None

    def address(self, **changes: Any) -> str:
        """Write the address of this selection, changed."""
        asked = replace(self, **{"page": 1, **changes})
        pairs = {
            "status": asked.status.value.lower() if asked.status else "",
            "credential": asked.credential.public_id if asked.credential else "",
            "started": asked.started if asked.started != USUAL else "",
            "each": EACH if asked.is_each else "",
            "page": str(asked.page) if asked.page > 1 else "",
        }
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"{self.path}?{query}" if query else self.path

    def runs(self, tenant: Tenant) -> QuerySet[SyncRun]:
        """Return the runs asked for, newest first."""
        found = SyncRun.objects.for_tenant(tenant).select_related("credential", "requested_by")
        if self.status:
            found = found.filter(status=self.status)
        if self.credential:
            found = found.filter(credential=self.credential)
        if self.since:
            found = found.filter(started_at__gt=self.since)
        return found.order_by("-started_at", "-id")

    def lines(self, tenant: Tenant) -> QuerySet[SyncRun]:
        """Return the runs that have a line of their own; equal failures in a row share one."""
        runs = self.runs(tenant)
        return runs if self.is_each else streaks.heads(runs, tenant=tenant)


def read(params: QueryDict, *, path: str, tenant: Tenant, now: datetime) -> Selection:
    """Read the parameters; what is at fault is named and left out."""
    stored = Credential.objects.for_tenant(tenant).order_by("provider", "name", "id")
    credentials = tuple(stored)
    faults = [
        _("“%(name)s” is not something runs can be filtered by.") % {"name": name[:SHOWN]}
        for name in params
        if name not in NAMES
    ]
    status = params.get("status", "").upper()
    if status and status not in RunStatus:
        faults.append(_("“%(value)s” is no result of a run.") % {"value": status.lower()[:SHOWN]})
        status = ""
    wanted = params.get("credential", "")
    credential = next((c for c in credentials if c.public_id == wanted), None)
    if wanted and credential is None:
        faults.append(_("There is no such credential here."))
    shown = _view(params, faults)
    return Selection(
        path=path,
        credentials=credentials,
        status=RunStatus(status) if status else None,
        credential=credential,
        now=now,
        faults=tuple(faults),
        **shown,
    )


def _view(params: QueryDict, faults: list[str]) -> dict[str, Any]:
    """Read how far back, how folded and which page is shown; adds what is at fault to `faults`."""
    started = params.get("started") or USUAL
    if started not in STARTED:
        text = _("“%(value)s” is no span of time: 24h, 7d or any.")
        faults.append(text % {"value": started[:SHOWN]})
        started = USUAL
    each = params.get("each") or ""
    if each not in ("", EACH):
        faults.append(_("each is 1 or absent."))
    page = params.get("page") or "1"
    if not re.fullmatch(r"[1-9]\d{0,8}", page, re.ASCII):
        faults.append(_("page is a whole number from 1."))
        page = "1"
    return {"started": started, "is_each": each == EACH, "page": int(page)}


def status_links(asked: Selection) -> list[dict[str, Any]]:
    """Offer the results to filter by."""
    choices = [(None, _("All")), *((status, str(status.label)) for status in RunStatus)]
    return [
        {"label": label, "url": asked.address(status=value), "current": asked.status == value}
        for value, label in choices
    ]


def credential_links(asked: Selection) -> list[dict[str, Any]]:
    """Offer the credentials to filter by."""
    choices = [(None, _("All")), *((c, credential_label(c)) for c in asked.credentials)]
    return [
        {"label": label, "url": asked.address(credential=c), "current": asked.credential == c}
        for c, label in choices
    ]


def started_links(asked: Selection) -> list[dict[str, Any]]:
    """Offer how far back to look."""
    return [
        {"label": label, "url": asked.address(started=code), "current": asked.started == code}
        for code, (_span, label) in STARTED.items()
    ]


def credential_label(credential: Credential) -> str:
    """Name a credential with its provider."""
    return f"{CONNECTORS[credential.provider].label} {credential.name}"


def paged(asked: Selection, *, tenant: Tenant) -> tuple[list[SyncRun], dict[str, Any]]:
    """Return the page's lines and the context of components/_pager.html; past the end there are none."""
    lines = asked.lines(tenant)
    paginator = Paginator(lines, PAGE_SIZE)
    if asked.page > paginator.num_pages:
        last = asked.address(page=paginator.num_pages)
        return [], {"past": asked.page, "last": paginator.num_pages, "last_url": last}
    page = paginator.page(asked.page)
    shown = lines[(page.number - 1) * PAGE_SIZE : page.number * PAGE_SIZE]
    if not asked.is_each:
        shown = streaks.counted(shown, tenant=tenant, since=asked.since)
    return list(shown), _pager(asked, page, runs=asked.runs(tenant).count())


def _pager(asked: Selection, page: Page[SyncRun], *, runs: int) -> dict[str, Any]:
    lines = page.paginator.count
    text = _("%(start)s to %(end)s of %(count)s runs")
    if lines != runs:
        text = ngettext(
            "%(start)s to %(end)s of %(count)s line (%(runs)s runs)",
            "%(start)s to %(end)s of %(count)s lines (%(runs)s runs)",
            lines,
        )
    said = {"start": page.start_index(), "end": page.end_index(), "count": lines, "runs": runs}
    return {
        "text": text % {name: f"{n:,}" for name, n in said.items()},
        **page_links(
            page.number,
            last=page.paginator.num_pages,
            address=lambda number: asked.address(page=number),
        ),
    }
