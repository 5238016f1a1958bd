"""Read from an address which runs are asked for, and make the addresses of the others."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from providers.connectors import CONNECTORS
from providers.models import Credential, RunStatus, SyncRun
from providers.tenancy.models import Tenant

PAGE_SIZE = 25
NAMES = ("status", "credential", "page")
SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is asked for below one path; with `faults` nothing is shown, since it was not understood."""

    path: str
    credentials: tuple[Credential, ...]
    status: RunStatus | None = None
    credential: Credential | None = None
    page: int = 1
    faults: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        """Tell whether some runs are left out."""
        return self.status is not None or self.credential is not None

    def address(self, **changes: Any) -> str:
        """Write the address of this selection, changed."""
        asked = replace(self, **{"page": 1, **changes})
        pairs = {
            "status": asked.status.value.lower() if asked.status else "",
            "credential": asked.credential.public_id if asked.credential else "",
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
        return found.order_by("-started_at", "-id")


def read(params: QueryDict, *, path: str, tenant: Tenant) -> Selection:
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
    page = params.get("page") or "1"
    if not re.fullmatch(r"[1-9]\d{0,8}", page, re.ASCII):
        faults.append(_("page is a whole number from 1."))
        page = "1"
    return Selection(
        path=path,
        credentials=credentials,
        status=RunStatus(status) if status else None,
        credential=credential,
        page=int(page),
        faults=tuple(faults),
    )


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


def credential_label(credential: Credential) -> str:
    """Name a credential with its provider."""
    return f"{CONNECTORS[credential.provider].label} {credential.name}"


def paged(asked: Selection, *, tenant: Tenant) -> tuple[list[SyncRun], dict[str, Any]]:
    """Return the page's runs and the context of components/_pager.html; past the end there are none."""
    paginator = Paginator(asked.runs(tenant), PAGE_SIZE)
    if asked.page > paginator.num_pages:
        last = asked.address(page=paginator.num_pages)
        return [], {"past": asked.page, "last": paginator.num_pages, "last_url": last}
    page = paginator.page(asked.page)
    return list(page.object_list), _pager(asked, page)


def _pager(asked: Selection, page: Page[SyncRun]) -> dict[str, Any]:
    numbers: Iterable[int | str] = page.paginator.get_elided_page_range(page.number, on_each_side=1)
    pages = [
        {"number": n, "url": asked.address(page=n), "current": n == page.number}
        if isinstance(n, int)
        else {"number": None, "url": ""}
        for n in numbers
    ]
    return {
        "text": _("%(start)d to %(end)d of %(count)d runs")
        % {"start": page.start_index(), "end": page.end_index(), "count": page.paginator.count},
        "pages": pages if page.paginator.num_pages > 1 else [],
        "previous_url": asked.address(page=page.number - 1) if page.has_previous() else "",
        "next_url": asked.address(page=page.number + 1) if page.has_next() else "",
    }
