"""Gather what the page of one balance shows."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.lifecycle import FIXED_HOLDERS
from balances.models import Balance, Decision, HeldReading, Observation
from balances.results import Context, Row
from balances.states import STATES
from balances.views.legend import legend
from balances.views.missing import is_asked
from balances.views.notices import notices
from balances.views.sync_log import LINES, Line, sync_log
from balances.views.words import COUNTING, HOLDERS
from providers.currencies import currency
from providers.models import AsOfSource
from providers.money import places
from providers.tenancy.scoping import Action, may
from providers.words import every, lasting


def detail(row: Row, *, context: Context, role: str) -> dict[str, Any]:
    """Return the context of balances/detail.html."""
    tenant = context.tenant
    balance = (
        Balance.objects.for_tenant(tenant)
        .select_related("account__closed_by", "counted_by", "scope", "scope__credential")
        .get(public_id=row.public_id)
    )
    linked = may(role, action=Action.READ_PROVIDERS)
    observed = _observed(balance)
    log = sync_log(row, balance, observed=observed, linked=linked)
    return {
        "row": row,
        "words": STATES[row.state],
        "now": context.now,
        "list_url": reverse("balances:list", args=[tenant.slug]),
        "runs_url": reverse("providers:runs", args=[tenant.slug]) if linked else "",
        "may_sync": may(role, action=Action.SYNC) and balance.scope.credential.is_active,
        "notices": notices(row, balance, seen=observed, role=role, now=context.now),
        "legend": legend([row.provider], columns=_columns(row)),
        "log": log,
        "dp": _decimals(row, log),
        "facts": _facts(row, balance, linked=linked),
        "held": _held(row, balance, slug=tenant.slug),
        "may_decide": may(role, action=Action.DECIDE_HELD),
        "actions": _actions(balance, role=role, now=context.now),
        "siblings": Balance.objects.for_tenant(tenant).filter(account=balance.account).count,
        "account": balance.account,
        "today": timezone.localdate(context.now),
    }


def _observed(balance: Balance) -> list[Observation]:
    """Return the newest observations, one more than the log has lines."""
    return list(
        Observation.objects.for_tenant(balance.tenant)
        .filter(balance=balance)
        .select_related("run")
        .order_by("-as_of", "-id")[: LINES + 1]
    )


def _columns(row: Row) -> tuple[str, ...]:
    """Return which amounts stand on the page: what is pending even where nobody tells it."""
    return ("available", "pending") if row.ledger is None else ("available", "pending", "ledger")


def _decimals(row: Row, log: Sequence[Line]) -> int:
    figures = (figure for line in log for figure in (line.available, line.pending, line.change))
    return max([row.decimals, *(places(figure) for figure in figures if figure is not None)])


def _facts(row: Row, balance: Balance, *, linked: bool) -> list[dict[str, Any]]:
    slug, account = balance.tenant.slug, balance.account
    credential_url = reverse("providers:credential", args=[slug, row.credential_public_id])
    facts: list[dict[str, Any]] = [
        {
            "label": _("Credential"),
            "text": f"{row.provider_label} {row.credential_name}",
            "url": credential_url if linked else "",
        },
        {"label": _("State"), "text": str(STATES[row.state].label)},
        {"label": _("Held for"), "text": str(HOLDERS[row.holder])},
        {"label": _("Counts as"), "text": _counting(row, balance)},
        {
            "label": _("Currency"),
            "text": _currency_text(row),
        },
        {"label": _("Confirmed"), "at": row.fetched_at, "is_confirmed": True},
        *_unchanged(row),
        *_schedule(balance),
        {"label": _("Owner"), "text": row.owner_name or row.owner_ref},
        {"label": _("Network"), "text": row.network},
        {"label": _("Address"), "text": row.address, "mono": True},
        {"label": _("Reference"), "text": row.account_ref, "mono": True},
        {"label": _("Provider's name"), "text": row.provider_account_name},
        {"label": _("First seen"), "at": account.created_at},
    ]
    return [fact for fact in facts if fact.get("at") or fact.get("text")]


def _unchanged(row: Row) -> list[dict[str, Any]]:
    """Say since when the figures stand: by the provider's own time where it tells one, and by our readings."""
    if row.as_of_source != AsOfSource.PROVIDER:
        return [{"label": _("Unchanged since"), "at": row.changed_at}]
    label = _("Unchanged at %(provider)s since") % {"provider": row.provider_label}
    first_read = {"label": _("These figures first read"), "at": row.changed_at}
    return [{"label": label, "at": row.as_of}, first_read]


def _currency_text(row: Row) -> str:
    """Say a currency's code, its name where we know it, and how many decimals it has."""
    known = currency(row.currency)
    name = f"{row.currency}, {known.name}" if known else row.currency
    decimals = ngettext("%(n)d decimal", "%(n)d decimals", row.decimals) % {"n": row.decimals}
    return f"{name}, {decimals}" if row.decimals else f"{name}, {_('no decimals')}"


def _schedule(balance: Balance) -> list[dict[str, Any]]:
    """Say when it is read next, and how often, of what is still read at all."""
    scope, credential = balance.scope, balance.scope.credential
    if not credential.is_active or scope.closed_at is not None:
        return []
    is_failing = bool(scope.error_code or credential.error_code)
    often = {"every": every(credential.interval), "span": lasting(credential.stale_after)}
    return [
        {
            "label": _("Next try") if is_failing else _("Next reading"),
            "at": scope.due_at or credential.due_at,
        },
        {"label": _("Schedule"), "text": _("%(every)s, stale after %(span)s") % often},
    ]


def _counting(row: Row, balance: Balance) -> str:
    if balance.counted_by is not None:
        return _("Also read through %(name)s, counted there") % {"name": balance.counted_by.name}
    return str(COUNTING[row.counting])


def _held(row: Row, balance: Balance, *, slug: str) -> dict[str, Any] | None:
    """Return the doubtful reading of its scope, or of another one that the balance seems to have moved to."""
    waiting = HeldReading.objects.for_tenant(balance.tenant).filter(
        scope__credential=balance.scope.credential, decision=Decision.WAITING
    )
    held = waiting.filter(scope=balance.scope).first() or next(
        (each for each in waiting if any(_is_of(stored, row) for stored in each.rows)), None
    )
    if held is None:
        return None
    mine = next((r for r in held.rows if _is_of(r, row)), None)
    return {
        "reason": held.get_reason_display(),
        "detail": held.detail,
        "read_at": held.read_at,
        "is_listed": mine is not None,
        "available": Decimal(mine["available"]) if mine and mine["available"] is not None else None,
        "url": reverse("balances:held_decide", args=[slug, held.public_id]),
    }


def _is_of(stored: dict[str, Any], row: Row) -> bool:
    return bool((stored["account_ref"], stored["currency"]) == (row.account_ref, row.currency))


def _actions(balance: Balance, *, role: str, now: datetime) -> dict[str, str]:
    """Return the addresses of what this role may change now."""
    account, slug = balance.account, balance.tenant.slug
    manage = may(role, action=Action.MANAGE_ACCOUNTS)
    is_open = account.closed_at is None
    offered = {
        "rename": may(role, action=Action.RENAME),
        "holder": manage and account.kind not in FIXED_HOLDERS,
        "close": manage and is_open,
        "reopen": manage and not is_open and account.is_watched,
        "keep": manage and balance.missing_since is not None and is_asked(balance, now=now),
    }
    return {
        f"{name}_url": reverse(f"balances:{name}", args=[slug, account.public_id])
        for name, is_offered in offered.items()
        if is_offered
    }
