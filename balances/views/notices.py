"""Say above one balance what is not as usual about it: the fact, what it means, what to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from balances.models import Balance, Observation
from balances.results import Row
from providers.money import format_amount
from providers.rows import Flag
from providers.tenancy.scoping import Action, may
from providers.words import error_words

UNUSUAL_FOR = timedelta(hours=24)
REOPENED_FOR = timedelta(days=7)
TONES = {"not_synced": ("bad", "alert"), "never": ("warn", "clock"), "missing": ("warn", "clock")}


def notices(
    row: Row, balance: Balance, *, seen: Sequence[Observation], role: str, now: datetime
) -> list[dict[str, Any]]:
    """Return what is not as usual: its state, older answers, an unusual change, a reopening.

    `seen` are its newest observations, the newest first.
    """
    state = _of_state(row, balance)
    if row.state == "not_synced" and may(role, action=Action.MANAGE_CREDENTIALS):
        slug = balance.tenant.slug
        url = reverse("providers:credential", args=[slug, row.credential_public_id])
        state |= {"url": url, "action": _("Open the credential")}
    found = [state, _older(row), _unusual(row, balance, seen, now), _reopened(balance, now)]
    return [notice for notice in found if notice]


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
    why = f"{words.short} ({detail})" if detail else str(words.short)
    return _("Reason: %(why)s. %(remedy)s") % {"why": why, "remedy": words.remedy}


def _older(row: Row) -> dict[str, Any]:
    """Say that the figure stays because the provider now answers with an earlier state of it."""
    if Flag.OLDER_ANSWER not in row.flags:
        return {}
    return {
        "tone": "warn",
        "icon": "clock",
        "fact": _("The provider now answers with an older figure than this one."),
        "text": _("The newer figure stays; it is replaced once the provider tells a later one."),
    }


def _unusual(
    row: Row, balance: Balance, seen: Sequence[Observation], now: datetime
) -> dict[str, Any]:
    """Say for a day that a doubted change was confirmed, with both figures."""
    if balance.unusual_at is None or now - balance.unusual_at > UNUSUAL_FOR:
        return {}
    figures = [_figure(row, one.available) for one in seen[:2]]
    text = _("A second reading confirmed it.")
    if len(figures) == 2:  # the figure now and the one before
        moved = _("It moved from %(before)s to %(now)s.")
        text = f"{moved % {'before': figures[1], 'now': figures[0]}} {text}"
    return {"tone": "info", "icon": "alert", "fact": _("Unusual change."), "text": text}


def _reopened(balance: Balance, now: datetime) -> dict[str, Any]:
    """Say for a week that a closed account was reported again."""
    at = balance.account.reopened_at
    if at is None or now - at > REOPENED_FOR:
        return {}
    return {
        "tone": "info",
        "icon": "alert",
        "fact": _("This account was closed and is reported again."),
        "text": _("It counts again since then; close it once more if it should not."),
    }


def _figure(row: Row, amount: Decimal | None) -> str:
    if amount is None:
        return _("not reported")
    return f"{row.currency} {format_amount(amount, row.decimals)}"
