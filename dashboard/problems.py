"""Say every problem of a tenant in one line each: what it is, what it means, where to mend it."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.models import Balance, Decision, HeldReading
from balances.results import Context
from balances.views.missing import asked
from providers.connectors import CONNECTORS
from providers.models import Credential
from providers.tenancy.scoping import Action, may
from providers.words import error_words

MOST_LINES = 5


def problems(
    context: Context, credentials: Sequence[Credential], *, role: str
) -> list[dict[str, Any]]:
    """Return the lines: failing credentials, held readings, balances missing long enough to decide."""
    failing = [_failing(c, context, role=role) for c in credentials if c.error_code]
    return [*failing, *_held(context), *_missing(context)]


def _failing(credential: Credential, context: Context, *, role: str) -> dict[str, Any]:
    slug = context.tenant.slug
    words = error_words(credential.error_code)
    name = f"{CONNECTORS[credential.provider].label} {credential.name}"
    links = []
    if may(role, action=Action.READ_PROVIDERS):
        runs = reverse("providers:runs", args=[slug])
        failed = f"{runs}?credential={credential.public_id}&status=failed"
        links.append({"label": _("See the failed runs"), "url": failed})
    if may(role, action=Action.MANAGE_CREDENTIALS):
        url = reverse("providers:credential", args=[slug, credential.public_id])
        links.append({"label": _("Open the credential"), "url": url})
    return {
        "tone": "bad",
        "icon": "alert",
        "fact": _("%(name)s is not synced: %(why)s.") % {"name": name, "why": words.short},
        "since": credential.failing_since,
        "text": _("%(remedy)s Its figures stay as last read.") % {"remedy": words.remedy},
        "links": links,
    }


def _held(context: Context) -> list[dict[str, Any]]:
    waiting = HeldReading.objects.for_tenant(context.tenant).filter(decision=Decision.WAITING)
    found = list(waiting.select_related("scope__credential").order_by("held_at")[:MOST_LINES])
    return [
        {
            "tone": "warn",
            "icon": "lock",
            "fact": _("A reading of %(name)s is held.") % {"name": _named(held)},
            "since": held.held_at,
            "text": f"{held.get_reason_display()}: {held.detail}",
            "links": [_balances_link(context, "held", _("Show the balances"))],
        }
        for held in found
    ]


def _named(held: HeldReading) -> str:
    credential = held.scope.credential
    provider = CONNECTORS[credential.provider].label
    return f"{provider} {credential.name}, {held.scope.name or held.scope.ref}"


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


def _balances_link(context: Context, state: str, label: str) -> dict[str, str]:
    path = reverse("balances:list", args=[context.tenant.slug])
    return {"label": label, "url": f"{path}?state={state}"}
