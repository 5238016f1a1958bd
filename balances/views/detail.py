"""Gather what the page of one balance shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.fields import EXACT
from balances.lifecycle import FIXED_HOLDERS
from balances.models import Balance, Decision, HeldReading, Observation
from balances.results import Context, Row
from balances.states import STATES
from balances.views.legend import legend
from balances.views.missing import is_asked
from balances.views.notices import notices
from balances.views.words import COUNTING, HOLDERS
from providers.currencies import currency
from providers.models import AsOfSource, Outcome, RunScope, RunStatus, SyncRun
from providers.money import places
from providers.tenancy.scoping import Action, may
from providers.views.runs import RunItem, present
from providers.words import error_words

OBSERVATIONS = 30
RUNS = 12


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One observation and how far it moved from the one before; None where that cannot be said."""

    as_of: datetime
    fetched_at: datetime
    available: Decimal | None
    pending: Decimal | None
    change: Decimal | None
    is_first: bool
    run_url: str


def detail(row: Row, *, context: Context, role: str) -> dict[str, Any]:
    """Return the context of balances/detail.html."""
    tenant = context.tenant
    balance = (
        Balance.objects.for_tenant(tenant)
        .select_related("account", "counted_by", "scope", "scope__credential")
        .get(public_id=row.public_id)
    )
    linked = may(role, action=Action.READ_PROVIDERS)
    observed = _observed(balance)
    seen = _seen(observed, slug=tenant.slug, linked=linked)
    return {
        "row": row,
        "words": STATES[row.state],
        "now": context.now,
        "list_url": reverse("balances:list", args=[tenant.slug]),
        "runs_url": reverse("providers:runs", args=[tenant.slug]) if linked else "",
        "may_sync": may(role, action=Action.SYNC) and balance.scope.credential.is_active,
        "notices": notices(row, balance, seen=observed, role=role, now=context.now),
        "legend": legend([row.provider]),
        "observations": seen,
        "dp": max([row.decimals, *(places(s.available) for s in seen if s.available is not None)]),
        "log": _log(balance, linked=linked),
        "facts": _facts(row, balance, linked=linked),
        "held": _held(row, balance, slug=tenant.slug),
        "may_decide": may(role, action=Action.DECIDE_HELD),
        "actions": _actions(balance, role=role, now=context.now),
        "account": balance.account,
        "today": timezone.localdate(context.now),
    }


def _observed(balance: Balance) -> list[Observation]:
    """Return the newest observations, one more than is shown."""
    return list(
        Observation.objects.for_tenant(balance.tenant)
        .filter(balance=balance)
        .select_related("run")
        .order_by("-as_of", "-id")[: OBSERVATIONS + 1]
    )


def _seen(observed: Sequence[Observation], *, slug: str, linked: bool) -> list[Seen]:
    # A balance never read has none at all.
    pairs = zip_longest(observed, observed[1:])
    return [
        Seen(
            as_of=now.as_of,
            fetched_at=now.fetched_at,
            available=now.available,
            pending=now.pending,
            change=_moved(now.available, before.available) if before else None,
            is_first=before is None,
            run_url=reverse("providers:run", args=[slug, now.run.public_id]) if linked else "",
        )
        for now, before in pairs
    ][:OBSERVATIONS]


def _moved(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if now is None or before is None else EXACT.subtract(now, before)


def _log(balance: Balance, *, linked: bool) -> list[RunItem]:
    runs = list(
        SyncRun.objects.for_tenant(balance.tenant)
        .filter(credential_id=balance.scope.credential_id)
        .select_related("credential", "requested_by")
        .order_by("-started_at", "-id")[:RUNS]
    )
    outcomes = {
        outcome.run_id: outcome
        for outcome in RunScope.objects.for_tenant(balance.tenant).filter(
            run__in=runs, scope_id=balance.scope_id
        )
    }
    return [
        present(
            run,
            tenant=balance.tenant,
            linked=linked,
            scope_text=_scope_text(run, outcomes.get(run.pk)),
        )
        for run in runs
    ]


def _scope_text(run: SyncRun, outcome: RunScope | None) -> str:
    """Say what a run learned of this balance's scope; a read without a change leaves no row."""
    if outcome is None and run.status == RunStatus.RUNNING:
        return ""
    if outcome is None:
        return (
            _("nothing new")
            if run.status == RunStatus.SUCCEEDED
            else _("not reached, or unchanged")
        )
    if outcome.outcome == Outcome.FAILED:
        return str(error_words(outcome.error_code).short)
    if outcome.outcome == Outcome.HELD:
        return _("held")
    changed = outcome.rows_changed
    return ngettext("%(n)d figure changed", "%(n)d figures changed", changed) % {"n": changed}


def _facts(row: Row, balance: Balance, *, linked: bool) -> list[dict[str, Any]]:
    slug, account, scope = balance.tenant.slug, balance.account, balance.scope
    credential_url = reverse("providers:credential", args=[slug, row.credential_public_id])
    known = currency(row.currency)
    source = str(AsOfSource(row.as_of_source).label) if row.as_of_source else ""
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
            "text": f"{row.currency}, {known.name}" if known else row.currency,
        },
        {"label": _("As of"), "at": row.as_of, "text": source},
        {"label": _("Confirmed"), "at": row.fetched_at},
        *_unchanged(row),
        {"label": _("Next reading"), "at": scope.due_at or scope.credential.due_at},
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


def _counting(row: Row, balance: Balance) -> str:
    if balance.counted_by is not None:
        return _("Also read through %(name)s, counted there") % {"name": balance.counted_by.name}
    return str(COUNTING[row.counting])


def _held(row: Row, balance: Balance, *, slug: str) -> dict[str, Any] | None:
    held = (
        HeldReading.objects.for_tenant(balance.tenant)
        .filter(scope=balance.scope, decision=Decision.WAITING)
        .first()
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
        "reopen": manage and not is_open,
        "keep": manage and balance.missing_since is not None and is_asked(balance, now=now),
    }
    return {
        f"{name}_url": reverse(f"balances:{name}", args=[slug, account.public_id])
        for name, is_offered in offered.items()
        if is_offered
    }
