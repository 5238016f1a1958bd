"""Say of what is shown how much is up to date, and how old the oldest figure is."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.results import Facets
from balances.states import STATES
from balances.views.links import Links
from balances.views.totals import TotalView

TROUBLES = ("not_synced", "held", "missing", "stale", "paused", "never")


def freshness(found: Facets, totals: Sequence[TotalView], *, links: Links) -> dict[str, Any]:
    """Return the context of components/_freshness.html for the rows that `totals` add up.

    The troubles are counted over the whole tenant, so they are named only where all of it is shown.
    """
    rows = sum(total.rows for total in totals)
    fresh = rows - sum(total.not_fresh for total in totals)
    text = ngettext(
        "%(fresh)s of %(rows)s balance up to date.",
        "%(fresh)s of %(rows)s balances up to date.",
        rows,
    )
    return {
        "text": text % {"fresh": f"{fresh:,}", "rows": f"{rows:,}"} if rows else "",
        "oldest": min((t.oldest for t in totals if t.oldest is not None), default=None),
        "troubles": [
            {
                "text": _("%(n)s %(state)s")
                % {"n": f"{found.state[state]:,}", "state": str(STATES[state].label).lower()},
                "url": links.only("state", state),
            }
            for state in TROUBLES
            if found.state.get(state) and rows == found.tenant_count
        ],
    }
