"""Say every problem of a tenant in one line each: what it is, what it means, where to mend it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.models import Balance, Decision, HeldReading, HoldReason
from balances.results import Context
from balances.views.missing import asked
from providers.models import Credential, Scope
from providers.tenancy.scoping import Action, may
from providers.views.selection import credential_label
from providers.words import error_words

# The name of a group's only scope.
ONE_SCOPE = {"one_name": Min("name"), "one_ref": Min("ref")}
ONE_OF_HELD = {"one_name": Min("scope__name"), "one_ref": Min("scope__ref")}


def problems(
    context: Context, credentials: Sequence[Credential], *, role: str
) -> list[dict[str, Any]]:
    """Return the lines: credentials failing whole, then in parts, held readings, balances to decide on."""
    by_key = {credential.pk: credential for credential in credentials}
    return [
        *(_failing(c, context, role=role) for c in credentials if c.error_code),
        *_failing_parts(context, by_key),
        *_held(context, by_key),
        *_missing(context),
    ]


def _failing(credential: Credential, context: Context, *, role: str) -> dict[str, Any]:
    slug = context.tenant.slug
    words = error_words(credential.error_code)
    links = []
    if may(role, action=Action.READ_PROVIDERS):
        runs = reverse("providers:runs", args=[slug])
        failed = f"{runs}?status=failed&credential={credential.public_id}"
        links.append({"label": _("See the failed runs"), "url": failed})
    if may(role, action=Action.MANAGE_CREDENTIALS):
        url = reverse("providers:credential", args=[slug, credential.public_id])
        links.append({"label": _("Open the credential"), "url": url})
    said = {"name": credential_label(credential), "why": words.short}
    return {
        "tone": "bad",
        "icon": "alert",
        "fact": _("%(name)s is not synced: %(why)s.") % said,
        "since": credential.failing_since,
        "text": _("%(remedy)s Its figures stay as last read.") % {"remedy": words.remedy},
        "links": links,
    }


def _failing_parts(context: Context, by_key: Mapping[int, Credential]) -> list[dict[str, Any]]:
    """Say once per credential and reason which of its scopes fail, where it does not fail as a whole."""
    whole = [c.pk for c in by_key.values() if not c.error_code and c.paused_at is None]
    found = (
        Scope.objects.for_tenant(context.tenant)
        .filter(credential__in=whole, closed_at=None)
        .exclude(error_code="")
        .values("credential_id", "error_code")
        .annotate(n=Count("pk"), since=Min("failing_since"), **ONE_SCOPE)
        .order_by("since", "credential_id", "error_code")
    )
    lines = []
    for group in found:
        credential, words = by_key[group["credential_id"]], error_words(group["error_code"])
        fact = ngettext(
            "%(what)s of %(name)s is not synced: %(why)s.",
            "%(n)d parts of %(name)s are not synced: %(why)s.",
            group["n"],
        )
        said = {**_said(group, credential), "why": words.short}
        link = _balances_link(context, "not_synced", _("Show the balances"), credential)
        lines.append(
            {
                "tone": "bad",
                "icon": "alert",
                "fact": fact % said,
                "since": group["since"],
                "text": _("%(remedy)s Figures stay as last read.") % {"remedy": words.remedy},
                "links": [link],
            }
        )
    return lines


def _held(context: Context, by_key: Mapping[int, Credential]) -> list[dict[str, Any]]:
    waiting = HeldReading.objects.for_tenant(context.tenant).filter(decision=Decision.WAITING)
    found = (
        waiting.filter(scope__credential__in=list(by_key))
        .values("scope__credential_id", "reason")
        .annotate(n=Count("pk"), since=Min("held_at"), detail=Min("detail"), **ONE_OF_HELD)
        .order_by("since", "scope__credential_id", "reason")
    )
    lines = []
    for group in found:
        credential = by_key[group["scope__credential_id"]]
        fact = ngettext(
            "A reading of %(name)s, %(what)s, is held.",
            "%(n)d readings of %(name)s are held.",
            group["n"],
        )
        reason = str(HoldReason(group["reason"]).label)
        lines.append(
            {
                "tone": "warn",
                "icon": "lock",
                "fact": fact % _said(group, credential),
                "since": group["since"],
                "text": f"{reason}: {group['detail']}." if group["n"] == 1 else f"{reason}.",
                "links": [_balances_link(context, "held", _("Show the balances"), credential)],
            }
        )
    return lines


def _said(group: Mapping[str, Any], credential: Credential) -> dict[str, Any]:
    what = group["one_name"] or group["one_ref"]
    return {"n": group["n"], "name": credential_label(credential), "what": what}


def _missing(context: Context) -> list[dict[str, Any]]:
    """Ask what to do with balances that are not reported any more."""
    balances = Balance.objects.for_tenant(context.tenant)
    count = balances.filter(asked(now=context.now)).count()
    if not count:
        return []
    fact = ngettext(
        "%(n)d balance is not reported any more.",
        "%(n)d balances are not reported any more.",
        count,
    )
    text = _("Their last figures still count. Close them or keep them?")
    links = [_balances_link(context, "missing", _("Show them"))]
    return [
        {"tone": "warn", "icon": "clock", "fact": fact % {"n": count}, "text": text, "links": links}
    ]


def _balances_link(
    context: Context, state: str, label: str, credential: Credential | None = None
) -> dict[str, str]:
    path = reverse("balances:list", args=[context.tenant.slug])
    of_credential = f"credential={credential.public_id}&" if credential else ""
    return {"label": label, "url": f"{path}?{of_credential}state={state}"}
