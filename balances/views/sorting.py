"""Show and change the order: column heads and the Sort menu."""

from typing import Any

from django.utils.translation import gettext as _

from balances.query.catalogue import FIELDS, GROUPS, SORTS
from balances.query.tree import BalanceQuery, Sort
from balances.views.links import Links, is_full


def head(field: str, query: BalanceQuery, *, links: Links) -> dict[str, Any]:
    """Return what a head says and does of one field's sort."""
    ranks = {key.field: rank for rank, key in enumerate(query.sort, start=1)}
    rank = ranks.get(field)
    key = query.sort[rank - 1] if rank else None
    return {
        "key": field,
        "label": _(FIELDS[field].label),
        "url": links.sorted_by(field),
        "add_url": links.also_sorted_by(field),
        "rank": rank,
        "icon": "down" if key and key.descending else "up",
        "aria_sort": _aria(key) if rank == 1 else "",
        "words": _words(key, rank, len(query.sort)) if key and rank else "",
    }


def _aria(key: Sort | None) -> str:
    return "descending" if key and key.descending else "ascending"


def _words(key: Sort, rank: int, count: int) -> str:
    field = FIELDS[key.field]
    direction = _(field.descending if key.descending else field.ascending)
    return _("sorted %(direction)s, key %(rank)d of %(count)d") % {
        "direction": direction,
        "rank": rank,
        "count": count,
    }


def sort_menu(query: BalanceQuery, *, links: Links) -> dict[str, Any]:
    """Return the context of balances/_sort_menu.html."""
    used = {key.field for key in query.sort}
    free = [] if is_full(query) else [name for name in SORTS if name not in used]
    return {
        "summary": ", ".join(_(FIELDS[key.field].label) for key in query.sort),
        "keys": [_key(key, rank, links) for rank, key in enumerate(query.sort, start=1)],
        "more": [{"value": name, "label": _(FIELDS[name].label)} for name in free],
    }


def _key(key: Sort, rank: int, links: Links) -> dict[str, Any]:
    field = FIELDS[key.field]
    now, other = field.ascending, field.descending
    if key.descending:
        now, other = other, now
    label = _(field.label)
    return {
        "rank": rank,
        "field": key.field,
        "label": label,
        "icon": "down" if key.descending else "up",
        "turned_url": links.turned(key),
        "turned_label": _("%(field)s: %(now)s, change to %(other)s")
        % {"field": label, "now": _(now), "other": _(other)},
        "drop_url": links.dropped(key) if len(links.query.sort) > 1 else "",
        "drop_label": _("Do not sort by %(field)s") % {"field": label},
    }


def group_menu(query: BalanceQuery, *, links: Links) -> dict[str, Any]:
    """Return the context of balances/_group_menu.html."""
    choices = [("", _("No groups")), *((name, _(FIELDS[name].label)) for name in GROUPS)]
    current = query.group_by[0] if query.group_by else ""
    return {
        "summary": _(FIELDS[current].label) if current else "",
        "items": [
            {"label": label, "url": links.grouped_by(name), "current": name == current}
            for name, label in choices
        ],
    }
