"""Say which rows of a query a page shows, and lead to the others."""

from typing import Any

from django.utils.translation import gettext as _

from balances.results import Page
from balances.views.links import Links
from providers.tenancy.pager import page_links

SIZES = (25, 50, 100, 200)


def pager(page: Page, *, links: Links) -> dict[str, Any]:
    """Return the context of components/_pager.html."""
    text = _("%(start)s to %(end)s of %(count)s. Totals cover all %(count)s.")
    figures = {"start": f"{page.start:,}", "end": f"{page.end:,}", "count": f"{page.count:,}"}
    return {
        "text": text % figures,
        **page_links(page.number, last=page.pages, address=links.page),
        "size": page.per_page,
        "sizes": sizes(page.per_page, links=links),
    }


def sizes(chosen: int, *, links: Links) -> list[dict[str, Any]]:
    """Return how many rows a page may have, each with its address."""
    return [
        {"number": size, "url": links.per_page(size), "current": size == chosen} for size in SIZES
    ]
