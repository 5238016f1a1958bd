"""Say what an entry of the activity log held before and after, in words and without a secret."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.tenancy.models import ActivityEntry, Role

LABELS: Mapping[str, str | Promise] = {
    "access_token": gettext_lazy("Access token"),
    "api_key": gettext_lazy("API key"),
    "api_secret": gettext_lazy("API secret"),
    "api_version": gettext_lazy("API version"),
    "base_url": gettext_lazy("Base URL"),
    "changed": gettext_lazy("Balances changed"),
    "closed": gettext_lazy("Closed"),
    "closed_from": gettext_lazy("Closed from"),
    "currencies": gettext_lazy("Currencies"),
    "customer_ids": gettext_lazy("Customer ids"),
    "customer_path": gettext_lazy("Customer path"),
    "display_name": gettext_lazy("Name"),
    "environment": gettext_lazy("Environment"),
    "format": gettext_lazy("File"),
    "holder": gettext_lazy("Whose money"),
    "is_active": gettext_lazy("Active"),
    "interval": gettext_lazy("Interval"),
    "kept_at": gettext_lazy("Kept"),
    "list_path": gettext_lazy("List path"),
    "name": gettext_lazy("Name"),
    "query": gettext_lazy("Filter"),
    "read_wallet_detail": gettext_lazy("Read wallet detail"),
    "requests_per_second": gettext_lazy("Requests per second"),
    "retrieve_path": gettext_lazy("Retrieve path"),
    "role": gettext_lazy("Role"),
    "rows": gettext_lazy("Rows"),
    "slug": gettext_lazy("Address"),
    "stale_after": gettext_lazy("Stale after"),
    "time_zone": gettext_lazy("Time zone"),
}
CODES: Mapping[str, Mapping[str, str | Promise]] = {
    "role": {role.value: role.label for role in Role},
    "holder": {"OWN": gettext_lazy("Own"), "CUSTOMERS": gettext_lazy("Customers'")},
}
SECONDS = ("interval", "stale_after")
# What is recorded of a secret is its last characters behind this; anything else under such a name is not shown.
MASK = "***"
_SECRET = re.compile(r"secret|password|token|api_key|private", re.IGNORECASE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


@dataclass(frozen=True)
class Change:
    """One fact with its words before and after; None is "was not said"."""

    label: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.label}: {self.after}"
        if self.after is None:
            return _("%(label)s: was %(before)s") % {"label": self.label, "before": self.before}
        words = {"label": self.label, "before": self.before, "after": self.after}
        return _("%(label)s: %(before)s, now %(after)s") % words


def changes(entry: ActivityEntry, *, zone: ZoneInfo) -> list[Change]:
    """List what an entry says was and is, by name: PostgreSQL keeps no order of its own."""
    before, after = entry.before or {}, entry.after or {}
    return [
        Change(
            label=_label(name),
            before=_words(name, before[name], zone=zone) if name in before else None,
            after=_words(name, after[name], zone=zone) if name in after else None,
        )
        for name in sorted({*before, *after})
        if not (name in before and name in after and before[name] == after[name])
    ]


def masked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return recorded facts as they are, but for what may be a secret."""
    return {name: _masked(name, value) for name, value in facts.items()}


def _masked(name: str, value: Any) -> Any:
    if _is_secret(name, value):
        return _hidden()
    return masked(value) if isinstance(value, Mapping) else value


def _label(name: str) -> str:
    known = LABELS.get(name)
    return str(known) if known else name.replace("_", " ").capitalize()


def _words(name: str, value: Any, *, zone: ZoneInfo) -> str:
    if _is_secret(name, value):
        return _hidden()
    if value is None or value in ("", [], {}):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in SECONDS:
        return _("%(n)s s") % {"n": value}
    if isinstance(value, list):
        return ", ".join(_words(name, item, zone=zone) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{_label(key)} {_words(key, item, zone=zone)}" for key, item in sorted(value.items())
        )
    if isinstance(value, str) and _INSTANT.match(value):
        return _moment(value, zone=zone)
    return str(CODES.get(name, {}).get(str(value), value))


def _moment(text: str, *, zone: ZoneInfo) -> str:
    try:
        return format_date(datetime.fromisoformat(text).astimezone(zone), "j M Y, H:i")
    except ValueError:
        return text


def _is_secret(name: str, value: Any) -> bool:
    return bool(_SECRET.search(name)) and not (isinstance(value, str) and value.startswith(MASK))


def _hidden() -> str:
    return _("hidden")
