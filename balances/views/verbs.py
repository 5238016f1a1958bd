"""Obey the buttons of the view's form that say what to do, not what to see; they never stand in an address."""

from collections.abc import Callable

from django.http import QueryDict
from django.utils.translation import gettext as _

from balances.query.catalogue import SORTS
from balances.query.faults import QueryError
from balances.query.tree import BalanceQuery
from balances.views.columns import moved
from balances.views.links import also_sorted

_VERBS: dict[str, Callable[[BalanceQuery, str], BalanceQuery]] = {
    "up": lambda query, name: moved(query, name, by=-1),
    "down": lambda query, name: moved(query, name, by=1),
    "then": lambda query, name: also_sorted(query, _sortable(name)),
}


def split(params: QueryDict) -> tuple[QueryDict, list[tuple[str, str]]]:
    """Return the parameters of the view alone, and the verbs with what each acts on."""
    rest = params.copy()
    found = [(verb, rest.pop(verb)[-1].strip()) for verb in _VERBS if verb in rest]
    return rest, [(verb, value) for verb, value in found if value]


def obey(query: BalanceQuery, verbs: list[tuple[str, str]]) -> BalanceQuery:
    """Return the query as the verbs change it. Raises: QueryError."""
    for verb, value in verbs:
        query = _VERBS[verb](query, value)
    return query


def is_form(params: QueryDict, verbs: list[tuple[str, str]]) -> bool:
    """Tell a form's own words from an address: then the page is at another, canonical one."""
    return bool(verbs) or len(params.getlist("columns")) > 1


def _sortable(name: str) -> str:
    if name not in SORTS:
        known = ", ".join(SORTS)
        message = _("knows %(known)s, not %(text)r") % {"known": known, "text": name[:60]}
        raise QueryError.one("sort", "unknown_value", message)
    return name
