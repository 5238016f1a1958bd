"""Let a person choose the columns of the page, and their order."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from balances.columns import BY_KEY, COLUMNS
from balances.query.catalogue import COLUMN_WORDS, KEPT_COLUMNS
from balances.query.faults import QueryError
from balances.query.tree import BalanceQuery
from balances.views.cells import OWN_CELLS, columns_of
from balances.views.links import Links

# On a page the credential's column already says its name.
_NOT_OFFERED = frozenset({"credential_name"})
_KEYS = {COLUMN_WORDS.get(key, key): key for key in BY_KEY}


def columns_menu(query: BalanceQuery, *, links: Links) -> dict[str, Any]:
    """Return the context of balances/_columns_menu.html: the columns shown in their order, then the others."""
    shown = columns_of(query)
    others = [c.key for c in COLUMNS if c.key not in shown and c.key not in _NOT_OFFERED]
    return {
        "label": _("%(shown)d of %(all)d columns")
        % {"shown": len(shown), "all": len(shown) + len(others)},
        "items": [_item(key, place, len(shown)) for place, key in enumerate([*shown, *others])],
        "default_url": links.with_columns(()) if query.columns else "",
    }


def _item(key: str, place: int, shown: int) -> dict[str, Any]:
    label = _(BY_KEY[key].header)
    return {
        "value": COLUMN_WORDS.get(key, key),
        "label": label,
        "checked": place < shown,
        "always": key in KEPT_COLUMNS,
        "is_first": place == 0,
        "is_last": place == shown - 1,
        "up_label": _("Move %(column)s up") % {"column": label},
        "down_label": _("Move %(column)s down") % {"column": label},
    }


def moved(query: BalanceQuery, word: str, *, by: int) -> BalanceQuery:
    """Return the query with one column moved by one place, at an end as it was. Raises: QueryError."""
    columns = list(columns_of(query))
    key = _KEYS.get(word, "")
    if key not in columns:
        message = _("shows no column %(text)r to move") % {"text": word[:60]}
        raise QueryError.one("columns", "unknown_value", message)
    old = columns.index(key)
    columns.insert(max(0, min(len(columns), old + by)), columns.pop(old))
    return settled(replace(query, columns=tuple(columns)))


def settled(query: BalanceQuery) -> BalanceQuery:
    """Return the query without columns where they are the page's own choice: one view has one address."""
    return replace(query, columns=()) if query.columns == OWN_CELLS else query
