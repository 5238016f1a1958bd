"""Judge how a credential does: the one judgement of the bar, the strip and the list of providers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.errors import spoken
from providers.models import Credential, Scope
from providers.tenancy.models import Tenant
from providers.words import error_class, error_words

FAILING = ~Q(error_code="")
HELD = Q(held_at__isnull=False)


@dataclass(frozen=True, kw_only=True)
class Health:
    """One state in icon, tone and words, with what it means where that is not plain."""

    tone: str
    icon: str
    text: str
    detail: str = ""


class Parts(NamedTuple):
    """Count the open scopes of a credential that failed, and those whose reading is held.

    `balances` is how many the failed ones held when last read, 0 where that is not known of all of them.
    """

    failing: int = 0
    held: int = 0
    balances: int = 0


def counted(tenant: Tenant) -> dict[str, Any]:
    """Return what to ask beside credentials for their `Parts`, as `failing_parts` and `held_parts`."""
    scopes = Scope.objects.for_tenant(tenant).filter(credential=OuterRef("pk"), closed_at=None)
    return {"failing_parts": _number(scopes, FAILING), "held_parts": _number(scopes, HELD)}


def _number(scopes: QuerySet[Scope], which: Q) -> Coalesce:
    found = scopes.filter(which).order_by().values("credential")
    return Coalesce(Subquery(found.annotate(n=Count("pk")).values("n")), 0)


def judged(credential: Credential, *, parts: Parts, now: datetime) -> Health:
    """Return the first state that holds, whoever paused it and whatever run is under way."""
    return _in_trouble(credential, parts=parts) or _by_age(credential, now=now)


def _in_trouble(credential: Credential, *, parts: Parts) -> Health | None:
    if credential.error_code:
        told = error_class(credential.error_code, detail=credential.error_detail)
        text = _("Failing, %(class)s") % {"class": told}
        return Health(tone="bad", icon="alert", text=text, detail=_why(credential))
    if parts.failing:
        return Health(tone="bad", icon="alert", text=_not_synced(parts.balances))
    if parts.held:
        text = ngettext("%(n)d reading held", "%(n)d readings held", parts.held)
        return Health(tone="warn", icon="lock", text=text % {"n": parts.held})
    return None


def _not_synced(balances: int) -> str:
    if not balances:
        return _("Partly not synced")
    text = ngettext("%(n)s balance not synced", "%(n)s balances not synced", balances)
    return text % {"n": f"{balances:,}"}


def _why(credential: Credential) -> str:
    """Say what failed in our words, then in the provider's, then what mends it."""
    words = error_words(credential.error_code)
    said = f" ({spoken(credential.error_detail)})" if credential.error_detail else ""
    return f"{capfirst(str(words.short))}{said}. {words.remedy}"


def _by_age(credential: Credential, *, now: datetime) -> Health:
    if credential.last_succeeded_at is None:
        return Health(tone="off", icon="clock", text=_("Never read"))
    if credential.last_succeeded_at < now - timedelta(seconds=credential.stale_after):
        return Health(tone="warn", icon="clock", text=_("Stale"))
    return Health(tone="ok", icon="check", text=_("Up to date"))
