"""Show each credential's last 24 hours, and what is wrong in one line per problem."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from balances.results import Context, Total
from dashboard.problems import problems
from dashboard.unsynced import Unsynced, short, unsynced
from providers.health import Health
from providers.models import Credential
from providers.tenancy.scoping import Action, may
from providers.views.health import CredentialItem, present
from providers.views.selection import credential_label


def health(context: Context, parts: Sequence[Total], *, role: str) -> dict[str, Any]:
    """Return `strip` and `problems`, the context of dashboard/_health.html."""
    credentials = [c for c in context.stored if c.retired_at is None]
    linked, groups = (
        may(role, action=Action.READ_PROVIDERS),
        unsynced(context, credentials=credentials),
    )
    strip = [
        {
            **_item(item.credential, _state(item, groups), context),
            "url": _url(item.credential, context) if linked else "",
            "day": item.day,
        }
        for item in present(context.tenant, credentials, now=context.now)
    ]
    lines = problems(context, credentials, parts, groups=groups, role=role)
    return {"strip": strip, "problems": lines}


def _state(item: CredentialItem, groups: Sequence[Unsynced]) -> Health:
    """Return how it does, with whose balances are not synced where that is all that is wrong."""
    told = short(groups, key=item.credential.pk) if item.health.tone == "bad" else ""
    return replace(item.health, text=told) if told else item.health


def _url(credential: Credential, context: Context) -> str:
    return reverse("providers:credential", args=[context.tenant.slug, credential.public_id])


def _item(credential: Credential, state: Health, context: Context) -> dict[str, Any]:
    due = credential.due_at if credential.is_active else None
    return {
        "name": credential_label(credential),
        "health": state,
        "last_at": credential.last_succeeded_at,
        "next_at": due if due and due > context.now else None,
        "next_text": _("next try") if credential.error_code else _("next"),
        "paused_by": str(credential.paused_by or "") if credential.paused_at else "",
        "is_paused": credential.paused_at is not None,
    }
