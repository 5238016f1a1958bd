"""Choose by an address which credentials are listed: all of them, or those in one kind of health."""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from providers.views.health import CredentialItem

ALL = "all"
CHOICES = {
    ALL: _("All"),
    "failing": _("Failing"),
    "up_to_date": _("Up to date"),
    "paused": _("Paused"),
}


def read(params: QueryDict) -> str | None:
    """Return the choice an address names, None for an address that was not understood."""
    choice = params.get("health") or ALL
    return choice if choice in CHOICES and set(params) <= {"health"} else None


def shown(items: Sequence[CredentialItem], *, choice: str | None, path: str) -> dict[str, Any]:
    """Return the credentials of a choice, the retired ones apart, and the addresses of all choices."""
    chosen = [item for item in items if choice in (ALL, item.group)]
    return {
        "items": [item for item in chosen if item.credential.retired_at is None],
        "retired": [item for item in chosen if item.credential.retired_at is not None],
        "choices": [
            {
                "label": label,
                "url": path if code == ALL else f"{path}?health={code}",
                "current": code == choice,
            }
            for code, label in CHOICES.items()
        ],
        "is_understood": choice is not None,
        "all_url": path,
    }
