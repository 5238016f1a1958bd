"""Offer what one may filter by: the search form's state, the pills, the ready views."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances.query.catalogue import FIELDS
from balances.query.describe import Labels, words_of
from balances.query.encode import pairs
from balances.query.tree import BalanceQuery, Condition, Group
from balances.results import Facets
from balances.states import STATES
from balances.views.links import Links

PILLS: Mapping[str, str | Promise] = {
    "currency": gettext_lazy("Currency is any of"),
    "provider": gettext_lazy("Provider is any of"),
    "holder": gettext_lazy("Held for any of"),
    "state": gettext_lazy("State is any of"),
}
ATTENTION = ("stale", "not_synced", "held", "missing", "never")
TABS: tuple[tuple[str | Promise, Condition | None], ...] = (
    (gettext_lazy("All balances"), None),
    (gettext_lazy("Own"), Condition("holder", "eq", ("own",))),
    (gettext_lazy("Customers'"), Condition("holder", "eq", ("customers",))),
    (gettext_lazy("Needs attention"), Condition("state", "in", ATTENTION)),
    (gettext_lazy("Closed"), Condition("state", "eq", ("closed",))),
)


def pills(
    query: BalanceQuery, *, found: Facets, links: Links, words: Labels, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Return the context of each balances/_pill.html."""
    counts = {name: getattr(found, name) for name in PILLS}
    return [_pill(name, counts[name], query, links, words, zone) for name in PILLS]


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
    values = dict.fromkeys([*_ordered(name, counts), *chosen])
    return {
        "name": name,
        "legend": PILLS[name],
        "applied": bool(chosen),
        "summary": _summary(name, condition, words, zone),
        "clear_url": links.without_field(name),
        "options": [
            {
                "value": value,
                "label": words.get(name, {}).get(value, value),
                "count": counts.get(value, 0),
                "checked": value in chosen,
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
    return list(counts)


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


def kept(query: BalanceQuery) -> list[tuple[str, str]]:
    """Return the parts of the query that neither the search box nor a pill holds, without the page."""
    return [(name, value) for name, value in pairs(query) if name not in {"q", "page", *PILLS}]


def tabs(query: BalanceQuery, *, links: Links) -> list[dict[str, Any]]:
    """Return the ready views; the one whose filter is in use is current."""
    return [
        {
            "label": label,
            "url": links.to(BalanceQuery(where=_only(condition))),
            "current": query.where == _only(condition) and not query.q,
        }
        for label, condition in TABS
    ]


def _only(condition: Condition | None) -> Group:
    return Group() if condition is None else Group(filters=(condition,))
