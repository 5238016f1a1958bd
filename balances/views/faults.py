"""Tell what of an address was not understood beside the control that would mend it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import translation

from balances.query.faults import Fault
from balances.query.tree import BalanceQuery
from balances.views.filters import PILLS
from balances.views.links import Links
from balances.views.pager import sizes
from providers.phrases import translated

# The element of each parameter; what has none is told in the box above the rows alone.
CONTROLS: Mapping[str, str] = {
    "q": "q",
    **{name: f"pill-{name}" for name in PILLS},
    "sort": "menu-sort",
    "group_by": "menu-group",
    "columns": "menu-columns",
    "per_page": "menu-rows",
    "page": "page-1",
}


def told(faults: Iterable[Fault]) -> list[dict[str, str]]:
    """Return `table.faults` of balances/_faults.html, each with the element it belongs to, if any."""
    return [
        {
            "path": fault.path,
            "message": translated(fault.message, into=translation),
            "control": CONTROLS.get(_parameter(fault), ""),
        }
        for fault in faults
    ]


def beside(faults: Iterable[Fault]) -> dict[str, str]:
    """Return what to say at each control, by its parameter; several faults of one are all said."""
    said: dict[str, list[str]] = {}
    for fault in faults:
        if _parameter(fault) in CONTROLS:
            message = translated(fault.message, into=translation)
            said.setdefault(_parameter(fault), []).append(message)
    return {name: "; ".join(messages) for name, messages in said.items()}


def way_out(query: BalanceQuery, *, at: Mapping[str, str], links: Links) -> dict[str, Any]:
    """Return the context of components/_pager.html where a page or a size is at fault, else nothing."""
    if not at.keys() & {"page", "per_page"}:
        return {}
    return {
        "pages": [{"number": 1, "url": links.page(1)}],
        "page_fault": at.get("page", ""),
        "size": query.per_page,
        "sizes": sizes(query.per_page, links=links),
        "size_fault": at.get("per_page", ""),
    }


def _parameter(fault: Fault) -> str:
    return fault.path.partition("__")[0]
