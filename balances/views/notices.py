"""Say above one balance what is not as usual about it: the fact, what it means, what to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.models import Balance, Observation
from balances.results import Row
from balances.templatetags.figures import age, moment
from balances.views.plots import day_text
from providers.errors import CredentialRejected
from providers.models import Credential, Scope
from providers.money import format_amount
from providers.rows import Flag
from providers.tenancy.scoping import Action, may
from providers.views.health import mend_text, secret_label
from providers.words import error_words, lasting, told_status

UNUSUAL_FOR = timedelta(hours=24)
REOPENED_FOR = timedelta(days=7)
TONES = {"not_synced": ("bad", "alert"), "never": ("warn", "clock"), "missing": ("warn", "clock")}


def notices(
    row: Row, balance: Balance, *, seen: Sequence[Observation], role: str, now: datetime
) -> list[dict[str, Any]]:
    """Return what is not as usual: its state, older answers, an unusual change, a reopening.

    `seen` are its newest observations, the newest first.
    """
    state = _of_state(row, balance, now)
    if row.state == "not_synced" and may(role, action=Action.MANAGE_CREDENTIALS):
        slug = balance.tenant.slug
        url = reverse("providers:credential", args=[slug, row.credential_public_id])
        state |= {"url": url, "action": mend_text(balance.scope.credential)}
    found = [state, _older(row), _unusual(row, balance, seen, now), _reopened(balance, now)]
    return [notice for notice in found if notice]


def _of_state(row: Row, balance: Balance, now: datetime) -> dict[str, Any]:
    said = {
        "not_synced": (_aged(row, now), _joined(_why(row, balance, now), _next_try(balance, now))),
        "stale": (_aged(row, now), _joined(_unconfirmed(balance), _next_try(balance, now))),
        "missing": (
            _("The provider does not report this balance any more."),
            _joined(
                _aged(row, now),
                _("It stays, and stays in totals, until an admin closes it."),
            ),
        ),
        "paused": (
            _("Its credential is paused."),
            _joined(_aged(row, now), _("It stays as last read.")),
        ),
        "closed": (_("This balance is closed."), _closing(balance, now)),
        "never": (
            _("This balance was never read."),
            _joined(_why(row, balance, now), _next_try(balance, now)),
        ),
    }
    if row.state not in said:
        return {}
    tone, icon = TONES.get(row.state, ("warn", "clock"))
    fact, text = said[row.state]
    return {"tone": tone, "icon": icon, "fact": fact, "text": text}


def _closing(balance: Balance, now: datetime) -> str:
    """Say from which day on, by whom and why; nothing of what is only read no more."""
    account = balance.account
    if account.closed_from is None:
        return account.closed_reason
    said = _("From %(day)s on.")
    if account.closed_by is not None:
        said = _("From %(day)s on, by %(person)s.")
    day = day_text(account.closed_from, today=timezone.localdate(now))
    return _joined(said % {"day": day, "person": account.closed_by}, account.closed_reason)


def _aged(row: Row, now: datetime) -> str:
    """Say how old the figure is, by our last reading of it; nothing where there is none."""
    if row.fetched_at is None:
        return ""
    return _("This figure is %(age)s old.") % {"age": age(now - row.fetched_at)}


def _joined(*sentences: str) -> SafeString:
    return format_html_join(" ", "{}", ((sentence,) for sentence in sentences if sentence))


def _unconfirmed(balance: Balance) -> str:
    return _("No reading confirmed it within %(span)s, as its credential asks.") % {
        "span": lasting(balance.scope.credential.stale_after)
    }


def _why(row: Row, balance: Balance, now: datetime) -> str:
    """Say what went wrong with its scope, else with its credential, since when, and what mends it."""
    scope, credential = balance.scope, balance.scope.credential
    place: Scope | Credential = scope if scope.error_code else credential
    code, detail, since = place.error_code, place.error_detail, place.failing_since
    if not code:
        return ""
    words = error_words(code)
    told = told_status(detail) or detail
    why = format_html("{} ({})", _wrong(row, code), told) if told else _wrong(row, code)
    if since is not None:
        why = format_html(_("{why} since {time}"), why=why, time=moment(since, now))
    # A key that was refused is mended by the button beside it.
    is_refused = code == CredentialRejected.code
    return format_html("{}. {}", why, "" if is_refused else words.remedy)


def _wrong(row: Row, code: str) -> str:
    """Say in the provider's name what went wrong."""
    if code == CredentialRejected.code:
        secret = secret_label(row.provider)
        said = _("%(provider)s refuses our %(secret)s")
        return said % {"provider": row.provider_label, "secret": secret}
    said = _("%(provider)s: %(what)s")
    return said % {"provider": row.provider_label, "what": error_words(code).short}


def _next_try(balance: Balance, now: datetime) -> str:
    """Say when it is tried again; nothing of what is not read any more."""
    scope, credential = balance.scope, balance.scope.credential
    due_at = scope.due_at or credential.due_at
    if due_at is None or not credential.is_active:
        return ""
    if due_at <= now:
        return _("It is tried again now.")
    return format_html(_("Next try {time}."), time=moment(due_at, now))


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
    return f"{row.currency}\u00a0{format_amount(amount, row.decimals)}"
