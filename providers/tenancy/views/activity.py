"""Show the activity log to who may read it, and send it as a file, which is logged too."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from providers.tenancy import htmx
from providers.tenancy.activity import record
from providers.tenancy.facts import Change, changes, masked
from providers.tenancy.log_query import NOBODY, LogQuery, actors, parse, select
from providers.tenancy.models import ActivityEntry
from providers.tenancy.pager import pager
from providers.tenancy.scoping import Action, TenantRequest, role_required
from providers.tenancy.sentences import GROUPS, sentence, who
from providers.tenancy.spreadsheets import csv_text

PAGE_SIZE = 50
BATCH = 1_000
UNPROCESSABLE = 422
PARTIALS = {"tenancy-activity": "tenancy/_activity.html"}
HEAD = ("at", "who", "email", "action", "what", "object_type", "object", "object_ref")
TAIL = ("changes", "before", "after", "reason")
BOM, END = "\ufeff", "\r\n"


@dataclass(frozen=True)
class LogItem:
    """One entry in words and links, ready for a template."""

    entry: ActivityEntry
    who: str
    sentence: str
    changes: list[Change]
    about_url: str


@require_GET
@role_required(Action.READ_LOG)
def activity(request: TenantRequest, tenant: str) -> HttpResponse:
    """List what was done, newest first, by who, what, object and day."""
    query = parse(request.GET.dict(), tenant=request.tenant, known=frozenset({"page"}))
    context = _controls(request, query)
    if not query.faults:
        context |= _results(request, query)
    status = UNPROCESSABLE if query.faults else 200
    response = htmx.render(
        request, "tenancy/activity.html", context, partials=PARTIALS, status=status
    )
    if htmx.target_id(request) in PARTIALS and not query.faults:
        response["HX-Push-Url"] = _page_address(request, query, query.page)
    return response


@require_GET
@role_required(Action.READ_LOG)
def activity_csv(request: TenantRequest, tenant: str) -> HttpResponseBase:
    """Send every entry of the filter, and log that; the line written for it is not in the file."""
    query = parse(request.GET.dict(), tenant=request.tenant, known=frozenset({"page"}))
    if query.faults:
        back = reverse("activity", args=[request.tenant.slug])
        context = {"faults": query.faults.values(), "back_url": back}
        return render(request, "422.html", context, status=UNPROCESSABLE)
    now, zone = timezone.now(), ZoneInfo(request.tenant.time_zone)
    last = ActivityEntry.objects.for_tenant(request.tenant).order_by("-id").first()
    found = select(query, tenant=request.tenant).filter(id__lte=last.pk if last else 0)
    after = {"format": "csv", "query": query.address("").removeprefix("?"), "rows": found.count()}
    record(request.tenant, actor=request.user, action="activity.download", after=after, now=now)
    response = StreamingHttpResponse(
        _file(found, zone=zone), content_type="text/csv; charset=utf-8"
    )
    name = f"{request.tenant.slug}-activity-{now.astimezone(zone):%Y-%m-%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _controls(request: TenantRequest, query: LogQuery) -> dict[str, Any]:
    """Return what stands above the list: the filter as it was typed, and what is wrong with it."""
    path = reverse("activity", args=[request.tenant.slug])
    return {
        "list_url": path,
        "typed": {name: request.GET.get(name, "") for name in ("who", "what", "object")},
        "first": request.GET.get("from", ""),
        "last": request.GET.get("to", ""),
        "faults": query.faults,
        "fault_list": list(query.faults.items()),
        "people": [(NOBODY, _("Nobody signed in, operator, system"))]
        + [(user.public_id, _person(user.name, user.email)) for user in actors(request.tenant)],
        "groups": [(group.key, group.label) for group in GROUPS],
        "is_filtered": bool(query.params()),
    }


def _results(request: TenantRequest, query: LogQuery) -> dict[str, Any]:
    """Return the rows of one page; past the end there are none, and a way to the last."""
    pages = Paginator(select(query, tenant=request.tenant), PAGE_SIZE)
    path = reverse("activity", args=[request.tenant.slug])
    csv_url = query.address(reverse("activity_csv", args=[request.tenant.slug]))
    context = {"count": pages.count, "csv_url": csv_url, "now": timezone.now()}
    if query.page > pages.num_pages:
        return context | {"last_url": _page_address(request, query, pages.num_pages)}
    page, zone = pages.page(query.page), ZoneInfo(request.tenant.time_zone)
    items = [_item(entry, path=path, zone=zone) for entry in page.object_list]
    links = pager(page, address=lambda number: _page_address(request, query, number))
    return context | {"items": items, "pager": links}


def _page_address(request: TenantRequest, query: LogQuery, number: int) -> str:
    path = reverse("activity", args=[request.tenant.slug])
    return query.address(path, page=str(number) if number > 1 else "")


def _item(entry: ActivityEntry, *, path: str, zone: ZoneInfo) -> LogItem:
    return LogItem(
        entry=entry,
        who=who(entry),
        sentence=sentence(entry),
        changes=changes(entry, zone=zone),
        about_url=LogQuery(about=entry.object_ref).address(path) if entry.object_ref else "",
    )


def _person(name: str, email: str) -> str:
    return f"{name} ({email})" if name else email


def _file(found: "QuerySet[ActivityEntry]", *, zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the file's bytes: UTF-8 with BOM, by which Excel knows it; instants with the zone's offset."""
    yield (BOM + ",".join(HEAD + TAIL) + END).encode()
    lines: list[str] = []
    for entry in found.iterator(chunk_size=BATCH):
        lines.append(_line(entry, zone=zone))
        if len(lines) == BATCH:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


def _line(entry: ActivityEntry, *, zone: ZoneInfo) -> str:
    texts = (
        who(entry),
        entry.actor_email,
        entry.action,
        sentence(entry),
        entry.object_type,
        entry.object_label,
        entry.object_ref,
        "; ".join(str(change) for change in changes(entry, zone=zone)),
        _json(entry.before),
        _json(entry.after),
        entry.reason,
    )
    return ",".join([_instant(entry.at, zone=zone), *map(csv_text, texts)]) + END


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(masked(facts), ensure_ascii=False, sort_keys=True) if facts else ""


def _instant(at: datetime, *, zone: ZoneInfo) -> str:
    text = at.astimezone(zone).isoformat()
    return text.replace("+00:00", "Z") if zone.key == "UTC" else text
