"""Lead from page to page of a list."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Page
from django.utils.translation import gettext as _


def pager(page: "Page[Any]", *, address: Callable[[int], str]) -> dict[str, Any]:
    """Return the context of components/_pager.html; `address` tells where a page stands."""
    pages = page.paginator
    numbers = pages.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    figures = {
        "start": f"{page.start_index():,}",
        "end": f"{page.end_index():,}",
        "count": f"{pages.count:,}",
    }
    return {
        "text": _("%(start)s to %(end)s of %(count)s") % figures,
        "pages": [_link(number, page=page, address=address) for number in numbers]
        if pages.num_pages > 1
        else [],
        "previous_url": address(page.number - 1) if page.has_previous() else "",
        "next_url": address(page.number + 1) if page.has_next() else "",
    }


def _link(number: int | str, *, page: "Page[Any]", address: Callable[[int], str]) -> dict[str, Any]:
    if not isinstance(number, int):
        return {"number": None, "url": "", "current": False}
    return {"number": number, "url": address(number), "current": number == page.number}
