"""Say on a file's About sheet what it is: whose, which question, as of when, made by whom."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from balances.query.describe import Labels, describe
from balances.query.encode import encode
from balances.query.tree import BalanceQuery
from balances.results import Context, Span
from balances.states import STATES

Fact = tuple[str, str | int | datetime]


def about(
    query: BalanceQuery,
    span: Span,
    *,
    context: Context,
    words: Labels,
    made_by: str,
    url: str,
    confirmed: str,
    meanings: Sequence[tuple[str, str]],
    unknown: Sequence[str],
) -> list[Fact]:
    """Return names and values in the order shown; instants are aware, the file shows them in the tenant's zone.

    `confirmed` says how many rows are confirmed since when, `meanings` what each provider's amounts mean, `unknown`
    per credential what was never read, or is not watched.
    """
    zone, nothing = ZoneInfo(context.tenant.time_zone), _("no figure")
    return [
        (_("Tenant"), context.tenant.name),
        (_("Balances"), describe(query, labels=words, zone=zone, gettext=_)),
        (_("Query"), encode(query) or _("(all, in the default order)")),
        (_("Address"), url),
        (_("Rows"), span.rows),
        *((str(STATES[code].label), reads.rows) for code, reads in span.reads.items()),
        *([(_("Confirmed"), confirmed)] if confirmed else []),
        (_("Oldest as of"), span.oldest or nothing),
        (_("Newest as of"), span.newest or nothing),
        (_("Made at"), context.now.replace(microsecond=0)),
        (_("Made by"), made_by),
        (_("Times are in"), zone.key),
        (_("Amounts"), _("Excel keeps 15 digits; the columns named “exact” have every one.")),
        (_("Empty amounts"), _("Not reported by the provider. Empty is not zero.")),
        (_("Totals"), _("Per currency and holder; never converted, never added across.")),
        *meanings,
        *((_("Unknown"), text) for text in unknown),
    ]
