"""Offer what one may filter by: the search form's state, the pills, the ready views."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.fields import fold
from balances.query.catalogue import BLANK, FIELDS
from balances.query.describe import Labels, words_of
from balances.query.encode import pairs
from balances.query.normal import normal
from balances.query.tree import NOT_ZERO, BalanceQuery, Condition, Group
from balances.results import Facets
from balances.states import STATES
from balances.views.links import Links

PILLS: Mapping[str, str | Promise] = {
    "currency": gettext_lazy("Currency is any of"),
    "provider": gettext_lazy("Provider is any of"),
    "holder": gettext_lazy("Held for any of"),
    "network": gettext_lazy("Network is any of"),
    "state": gettext_lazy("State is any of"),
}
ATTENTION = ("stale", "not_synced", "held", "missing", "never")
TABS: tuple[tuple[str | Promise, Condition | None], ...] = (
    (gettext_lazy("All balances"), None),
    (gettext_lazy("Own"), Condition("holder", "eq", ("own",))),
    (gettext_lazy("Customers'"), Condition("holder", "eq", ("customers",))),
    (gettext_lazy("Needs attention"), Condition("state", "in", ATTENTION)),
    (gettext_lazy("Negative"), Condition("available", "lt", (Decimal(0),))),
    (gettext_lazy("Closed"), Condition("state", "eq", ("closed",))),
)


def pills(
    query: BalanceQuery,
    *,
    found: Facets,
    links: Links,
    words: Labels,
    zone: ZoneInfo,
    faults: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return the context of each balances/_pill.html; where nothing has a network, none is offered.

    `faults` are the sentences to say at a pill, which then is there whatever else is.
    """
    counts = {name: getattr(found, name) for name in PILLS}
    asked = {name for name in PILLS if name in faults or _condition(query, name)}
    offered = [name for name in PILLS if any(counts[name]) or name in asked]
    return [
        {**_pill(name, counts[name], query, links, words, zone), "fault": faults.get(name, "")}
        for name in offered
    ]


def _pill(
    name: str,
    counts: Mapping[str, int],
    query: BalanceQuery,
    links: Links,
    words: Labels,
    zone: ZoneInfo,
) -> dict[str, Any]:
    condition = _condition(query, name)
    chosen = [str(value) for value in condition.values] if condition else []
    values = _ordered(name, counts)
    known = {fold(value) for value in values}
    values += [value for value in chosen if fold(value) not in known]
    checked = {fold(value) for value in chosen}
    return {
        "name": name,
        "legend": PILLS[name],
        "applied": bool(chosen),
        "summary": _summary(name, condition, words, zone),
        "clear_url": links.without_field(name),
        "clear_label": _("Clear filter: %(field)s") % {"field": _(FIELDS[name].label)},
        "options": [
            {
                "value": value or BLANK,
                "label": words.get(name, {}).get(value, value) or _("No network"),
                "count": counts.get(value, 0),
                "checked": fold(value) in checked,
            }
            for value in values
        ],
    }


def _ordered(name: str, counts: Mapping[str, int]) -> list[str]:
    """Keep the words' own order where the values are a closed set."""
    if name == "state":
        return [state for state in STATES if counts.get(state)]
    if name == "holder":
        return ["own", "customers"]
    return sorted(counts, key=lambda value: (not value, fold(value)))


def _summary(name: str, condition: Condition | None, words: Labels, zone: ZoneInfo) -> str:
    label = _(FIELDS[name].label)
    if condition is None:
        return label
    if len(condition.values) > 2:
        return _("%(field)s: %(n)d chosen") % {"field": label, "n": len(condition.values)}
    return f"{label}: {words_of(condition, labels=words, zone=zone, gettext=_)[2]}"


def _condition(query: BalanceQuery, field: str) -> Condition | None:
    """Find the condition a pill shows: equality on its field, at the top level."""
    for part in query.where.filters:
        if isinstance(part, Condition) and part.field == field and part.operator in ("eq", "in"):
            return part
    return None


def kept(query: BalanceQuery, *, held: Iterable[str]) -> list[tuple[str, str]]:
    """Return the parts of the query that neither the search box nor a menu holds, without the page."""
    shown: Collection[str] = {"q", "page", "columns", *held}
    return [(name, value) for name, value in pairs(query) if name not in shown]


def tabs(query: BalanceQuery, *, links: Links, is_shown: bool) -> list[dict[str, Any]]:
    """Return the ready views; the one whose filter is in use is current, whether zero is hidden or not.

    Each shows all of its rows, also those of zero: what needs attention may be one. None is current
    where the query is not shown, since its address was not understood.
    """
    where = normal(query.without(NOT_ZERO).where if query.hides_zero else query.where)
    return [
        {
            "label": label,
            "url": links.to(replace(query, where=_only(condition), q="", page=1)),
            "current": is_shown and where == normal(_only(condition)) and not query.q,
        }
        for label, condition in TABS
    ]


def _only(condition: Condition | None) -> Group:
    return Group() if condition is None else Group(filters=(condition,))
