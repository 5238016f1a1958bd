"""Say above one balance what is not as usual about it: the fact, what it means, what to do."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from balances.models import Balance
from balances.results import Row
from providers.tenancy.scoping import Action, may
from providers.words import error_words

TONES = {"not_synced": ("bad", "alert"), "never": ("warn", "clock"), "missing": ("warn", "clock")}


def notices(row: Row, balance: Balance, *, slug: str, role: str) -> list[dict[str, Any]]:
    """Return at most one notice for the state, and one for a figure that moved unusually."""
    found = [_of_state(row, balance), _unusual(balance)]
    shown = [notice for notice in found if notice]
    if row.state == "not_synced" and may(role, action=Action.MANAGE_CREDENTIALS):
        url = reverse("providers:credential", args=[slug, row.credential_public_id])
        shown[0] |= {"url": url, "action": _("Open the credential")}
    return shown


def _of_state(row: Row, balance: Balance) -> dict[str, Any]:
    said = {
        "not_synced": (_("This figure is not synced."), _why(balance)),
        "stale": (
            _("This figure is stale."),
            _("No reading confirmed it in the time its credential allows."),
        ),
        "missing": (
            _("The provider does not report this balance any more."),
            _("Its last figure stays, and stays in totals, until an admin closes it."),
        ),
        "paused": (_("Its credential is paused."), _("The figure stays as last read.")),
        "closed": (_("This balance is closed."), balance.account.closed_reason),
        "never": (_("This balance was never read."), _why(balance)),
    }
    if row.state not in said:
        return {}
    tone, icon = TONES.get(row.state, ("warn", "clock"))
    fact, text = said[row.state]
    return {"tone": tone, "icon": icon, "fact": fact, "text": text}


def _why(balance: Balance) -> str:
    """Say what went wrong with its scope, else with its credential."""
    scope, credential = balance.scope, balance.scope.credential
    code, detail = scope.error_code, scope.error_detail
    if not code:
        code, detail = credential.error_code, credential.error_detail
    if not code:
        return ""
    words = error_words(code)
    said = _("Reason: %(why)s.") % {"why": words.short}
    return " ".join(part for part in (said, detail, str(words.remedy)) if part)


def _unusual(balance: Balance) -> dict[str, Any]:
    if balance.unusual_at is None:
        return {}
    return {
        "tone": "info",
        "icon": "alert",
        "fact": _("Unusual change."),
        "text": _(
            "A second reading confirmed it; the figure before stands among the observations."
        ),
    }
