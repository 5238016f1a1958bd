"""Lead from page to page of a list, whatever is listed."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.paginator import Page
from django.utils.translation import gettext as _

AROUND = 1


def page_links(number: int, *, last: int, address: Callable[[int], str]) -> dict[str, Any]:
    """Return the links of components/_pager.html; `address` tells where a page stands."""
    return {
        "pages": [
            {"number": n, "url": address(n) if n else "", "current": n == number}
            for n in _numbers(number, last=last)
        ]
        if last > 1
        else [],
        "previous_url": address(number - 1) if number > 1 else "",
        "next_url": address(number + 1) if number < last else "",
    }


def pager(page: "Page[Any]", *, address: Callable[[int], str]) -> dict[str, Any]:
    """Return the whole context of components/_pager.html for a page of Django's."""
    figures = {
        "start": f"{page.start_index():,}",
        "end": f"{page.end_index():,}",
        "count": f"{page.paginator.count:,}",
    }
    return {
        "text": _("%(start)s to %(end)s of %(count)s") % figures,
        **page_links(page.number, last=page.paginator.num_pages, address=address),
    }


def _numbers(number: int, *, last: int) -> Iterator[int | None]:
    """Name the first, the last and the nearest pages, None for what is left out between."""
    near = range(number - AROUND, number + AROUND + 1)
    shown = sorted({1, last, *(n for n in near if 1 <= n <= last)})
    for before, each in zip([0, *shown], shown, strict=False):
        if each - before > 1:
            yield None
        yield each
