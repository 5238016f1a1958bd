"""Understand what of the activity log is asked for, wholly or not at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from providers.tenancy.models import ActivityEntry, Tenant, User
from providers.tenancy.sentences import actions_of

FILTERS = ("who", "what", "object", "from", "to")
NOBODY = "nobody"
LONGEST = 200
SHOWN = 40
FIRST_YEAR, LAST_YEAR = 1970, 9998  # of which every day has a start and an end in every zone
_PERSON = re.compile(r"[0-9a-f]{32}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass
class LogQuery:
    """What one may ask of the log; `faults` says by parameter what was not understood.

    Time: `first` and `last` are days of the tenant's zone, both included.
    """

    who: str = ""
    what: str = ""
    about: str = ""
    first: date | None = None
    last: date | None = None
    page: int = 1
    faults: dict[str, str] = field(default_factory=dict)

    def params(self) -> dict[str, str]:
        """Return the filter as parameters, without page, in fixed order."""
        days = {"from": self.first, "to": self.last}
        said = {"who": self.who, "what": self.what, "object": self.about}
        said |= {name: day.isoformat() for name, day in days.items() if day}
        return {name: value for name, value in said.items() if value}

    def address(self, path: str, **changes: str) -> str:
        """Return the path with this filter, changed; a change to "" drops the parameter."""
        params = {name: value for name, value in (self.params() | changes).items() if value}
        return f"{path}?{urlencode(params)}" if params else path


def parse(params: Mapping[str, str], *, tenant: Tenant, known: frozenset[str]) -> LogQuery:
    """Read a filter from an address; `known` are further parameters it may hold, such as `page`."""
    query = LogQuery()
    for name in params:
        if name not in known and name not in FILTERS:
            query.faults[name] = _("“%(name)s” is nothing the log can be filtered by.") % {
                "name": name[:SHOWN]
            }
    query.who = _who(params.get("who", ""), tenant=tenant, faults=query.faults)
    query.what = _what(params.get("what", ""), faults=query.faults)
    query.about = _about(params.get("object", ""), faults=query.faults)
    query.first = _day("from", params, faults=query.faults)
    query.last = _day("to", params, faults=query.faults)
    if query.first and query.last and query.first > query.last:
        query.faults["to"] = _("The last day comes before the first: %(first)s or later.") % {
            "first": query.first.isoformat()
        }
    query.page = _page(params.get("page", ""), faults=query.faults)
    return query


def select(query: LogQuery, *, tenant: Tenant) -> QuerySet[ActivityEntry]:
    """Return the entries asked for, newest first."""
    zone = ZoneInfo(tenant.time_zone)
    found = ActivityEntry.objects.for_tenant(tenant).select_related("actor")
    if query.who == NOBODY:
        found = found.filter(actor=None)
    elif query.who:
        found = found.filter(actor__public_id=query.who)
    if query.what:
        found = found.filter(action__in=actions_of(query.what) or [])
    if query.about:
        found = found.filter(Q(object_ref=query.about) | Q(object_label__icontains=query.about))
    if query.first:
        found = found.filter(at__gte=_start(query.first, zone=zone))
    if query.last:
        found = found.filter(at__lt=_start(query.last + timedelta(days=1), zone=zone))
    return found.order_by("-at", "-id")


def actors(tenant: Tenant) -> QuerySet[User]:
    """Return who has done anything here, by name."""
    did = ActivityEntry.objects.for_tenant(tenant).filter(actor__isnull=False).values("actor")
    return User.objects.filter(pk__in=did).order_by("name", "email")


def _start(day: date, *, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day; where midnight is skipped, that is when the clocks went on."""
    return datetime.combine(day, time.min, tzinfo=zone)


def _who(text: str, *, tenant: Tenant, faults: dict[str, str]) -> str:
    if text in ("", NOBODY):
        return text
    if _PERSON.fullmatch(text) and actors(tenant).filter(public_id=text).exists():
        return text
    faults["who"] = _("Choose somebody of the list: nobody else has done anything here.")
    return ""


def _what(text: str, *, faults: dict[str, str]) -> str:
    if text and actions_of(text) is None:
        faults["what"] = _("“%(text)s” is no kind of action: choose one of the list.") % {
            "text": text[:SHOWN]
        }
        return ""
    return text


def _about(text: str, *, faults: dict[str, str]) -> str:
    text = text.strip()
    if "\0" in text or len(text) > LONGEST:
        faults["object"] = _("Type up to %(most)d letters of a name or an id.") % {"most": LONGEST}
        return ""
    return text


def _day(name: str, params: Mapping[str, str], *, faults: dict[str, str]) -> date | None:
    text = params.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        faults[name] = _("“%(text)s” is no day: write it as 2026-11-20.") % {"text": text[:SHOWN]}
        return None
    return day


def _page(text: str, *, faults: dict[str, str]) -> int:
    if not text:
        return 1
    if text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= 1:
        return int(text)
    faults["page"] = _("A page is a whole number from 1.")
    return 1
