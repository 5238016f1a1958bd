"""Lead from page to page of a list."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from balances.results import Page
from balances.views.links import Links

SIZES = (25, 50, 100, 200)
AROUND = 1


def pager(page: Page, *, links: Links) -> dict[str, Any]:
    """Return the context of components/_pager.html."""
    text = _("%(start)s to %(end)s of %(count)s. Totals cover all %(count)s.")
    figures = {"start": f"{page.start:,}", "end": f"{page.end:,}", "count": f"{page.count:,}"}
    return {
        "text": text % figures,
        "pages": [_page(number, page, links) for number in _numbers(page)]
        if page.pages > 1
        else [],
        "previous_url": links.page(page.number - 1) if page.number > 1 else "",
        "next_url": links.page(page.number + 1) if page.number < page.pages else "",
        "size": page.per_page,
        "sizes": [
            {"number": size, "url": links.per_page(size), "current": size == page.per_page}
            for size in SIZES
        ],
    }


def _page(number: int | None, page: Page, links: Links) -> dict[str, Any]:
    if number is None:
        return {"number": None, "url": "", "current": False}
    return {"number": number, "url": links.page(number), "current": number == page.number}


def _numbers(page: Page) -> Iterator[int | None]:
    """Name the first, the last and the nearest pages, None for what is left out between."""
    near = range(page.number - AROUND, page.number + AROUND + 1)
    shown = sorted({1, page.pages, *(n for n in near if 1 <= n <= page.pages)})
    for before, number in zip([0, *shown], shown, strict=False):
        if number - before > 1:
            yield None
        yield number
