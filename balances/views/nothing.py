"""Say why a query shows no row where there are some, and offer what would show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances import results
from balances.query.tree import BalanceQuery, Condition, Group, Logic
from balances.results import Context, Page
from balances.views.links import Links

# Every condition costs a count; who has more of them clears them all.
MOST_PARTS = 8


@dataclass(frozen=True)
class Part:
    """One thing the query asks, in words, and the query without it."""

    words: str
    rest: BalanceQuery


def nothing(
    query: BalanceQuery, page: Page, *, words: Sequence[str], links: Links, context: Context
) -> dict[str, Any]:
    """Return the context of balances/_nothing.html; `words` say the search and each part of the filter, in order.

    Nothing of it is asked where there are rows. Time: a statement for each part of the filter.
    """
    if page.rows:
        return {}
    if page.count:
        return {
            "title": _("There is no page %(number)s") % {"number": query.page},
            "text": _("The last page is %(pages)s.") % {"pages": page.pages},
            "links": [{"label": _("Last page"), "url": links.page(page.pages), "primary": True}],
        }
    if not page.tenant_count:
        return {}
    parts = [Part(said, rest) for said, rest in zip(words, _rests(query), strict=True)]
    count = page.tenant_count
    hidden = ngettext("%(n)s balance is hidden by:", "%(n)s balances are hidden by:", count) % {
        "n": f"{count:,}"
    }
    return {
        "title": _("No balance matches these filters"),
        "text": hidden,
        "parts": [part.words for part in parts],
        "why": _pair(query, context),
        "links": [*_offers(query, parts, links=links, context=context), _clear(links)],
    }


def _rests(query: BalanceQuery) -> Iterator[BalanceQuery]:
    """Give the query without its search, then without each part of the filter."""
    if query.q:
        yield replace(query, q="", page=1)
    for part in query.where.filters:
        yield replace(query.without(part), page=1)


def _offers(
    query: BalanceQuery, parts: Sequence[Part], *, links: Links, context: Context
) -> list[dict[str, Any]]:
    """Offer to drop one part where that shows something, and to look among the closed."""
    found = []
    if 1 < len(parts) <= MOST_PARTS:
        found = [
            {
                "label": _("Remove “%(filter)s”") % {"filter": part.words},
                "url": links.to(part.rest),
            }
            for part in parts
            if results.count(part.rest, context=context)
        ]
    closed = _among_closed(query)
    if closed and (n := results.count(closed, context=context)):
        label = ngettext("Show %(n)s closed balance", "Show %(n)s closed balances", n)
        found.append({"label": label % {"n": f"{n:,}"}, "url": links.to(closed)})
    return found


def _among_closed(query: BalanceQuery) -> BalanceQuery | None:
    """Return the query of closed rows, unless it speaks of states by itself."""
    if query.names_state:
        return None
    closed = Condition("state", "eq", ("closed",))
    return replace(
        query, where=replace(query.where, filters=(*query.where.filters, closed)), page=1
    )


def _pair(query: BalanceQuery, context: Context) -> str:
    """Say that a provider holds nothing in a currency, where it is these two that leave nothing."""
    provider, currency = (_single(query, name) for name in ("provider", "currency"))
    if provider is None or currency is None:
        return ""
    both = BalanceQuery(where=Group(Logic.AND, (provider, currency)))
    if results.count(both, context=context):
        return ""
    (code,), (held,) = provider.values, currency.values
    name = context.labels["provider"].get(str(code), str(code))
    return _("%(provider)s holds no %(currency)s.") % {"provider": name, "currency": held}


def _single(query: BalanceQuery, field: str) -> Condition | None:
    """Return the condition of the top level that asks a field for one value."""
    for part in query.where.filters:
        if isinstance(part, Condition) and part.field == field and part.operator == "eq":
            return part
    return None


def _clear(links: Links) -> dict[str, Any]:
    return {"label": _("Clear all filters"), "url": links.cleared(), "primary": True}
