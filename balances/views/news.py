"""Tell a page that asks by itself whether what it shows has changed since, and never move its rows unasked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

from django.http import HttpRequest
from django.utils.translation import gettext as _

from balances.results import Facets, Page
from balances.states import STATES

PART = "balances-news"
SEEN, TOLD = "X-Seen", "X-Told"
_SHAPE = re.compile(r"([0-9a-f]{16})\.([0-9a-f]{16})\.([0-9a-f]{16})", re.ASCII)


@dataclass(frozen=True)
class Glance:
    """Hold what a page shows as three marks: its figures, when they were confirmed, and who is in which state."""

    figures: str
    times: str
    states: str

    @classmethod
    def of(cls, page: Page) -> Self:
        """Take the marks of a page."""
        figures = [
            (
                *(row.public_id, row.account_name, row.currency, row.holder, row.counting),
                *(row.state, row.available, row.pending, row.ledger),
            )
            for row in page.rows
        ]
        totals = [
            (
                *(*total.key, total.rows, total.not_fresh),
                *(total.available.sum, total.pending.sum, total.ledger.sum),
            )
            for total in page.totals
        ]
        return cls(
            _mark((*figures, *totals, page.count, page.tenant_count)),
            _mark((row.as_of, row.fetched_at) for row in page.rows),
            _mark(page.facets.state.items()),
        )

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the marks a page sends; of anything else none, which equal no others."""
        found = _SHAPE.fullmatch(text)
        return cls(*found.groups()) if found else cls("", "", "")

    def __str__(self) -> str:
        """Write the marks for a header."""
        return f"{self.figures}.{self.times}.{self.states}"


def _mark(values: Iterable[object]) -> str:
    text = "\n".join(map(str, values))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def news(request: HttpRequest, page: Page) -> dict[str, Any] | None:
    """Return the context of balances/_news.html for a page that has seen something else; None without news.

    Behind the first page rows wait for the reader; on it they wait only while the reader is among them, which the
    browser knows. Figures that are the same, read again, are no news to who waits.
    """
    seen, told = (Glance.read(request.headers.get(name, "")) for name in (SEEN, TOLD))
    now = Glance.of(page)
    is_new, waits = now.figures != seen.figures, page.number > 1
    if now in (seen, told) or (waits and now.figures in (seen.figures, told.figures)):
        return None
    return {
        "seen": str(seen),
        "told": str(now) if is_new else "",
        "is_new": is_new,
        "waits": waits,
        "number": page.number,
        "said": _states(page.facets) if now.states not in (seen.states, told.states) else "",
    }


def _states(found: Facets) -> str:
    """Say how many balances stand in which state."""
    counts = ", ".join(
        _("%(n)s %(state)s") % {"n": f"{found.state[state]:,}", "state": str(words.label).lower()}
        for state, words in STATES.items()
        if found.state.get(state)
    )
    return _("States have changed: %(counts)s") % {"counts": counts}
