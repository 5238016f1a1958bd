"""Say in the bar of every page how many live connections are up to date."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.connectors import CONNECTORS
from providers.health import Parts, judged
from providers.models import Credential


def sync_pill(
    credentials: Iterable[Credential],
    *,
    parts: Mapping[int, Parts],
    slug: str,
    now: datetime,
    linked: bool,
) -> dict[str, str] | None:
    """Return the context of components/_sync_pill.html; None where nothing live is connected."""
    live = [c for c in credentials if c.is_active and not c.is_test]
    if not live:
        return None
    behind = [c for c in live if judged(c, parts=parts[c.pk], now=now).tone != "ok"]
    text = ngettext(
        "%(good)d of %(all)d live connection up to date",
        "%(good)d of %(all)d live connections up to date",
        len(live),
    )
    numbers = {"good": len(live) - len(behind), "all": len(live)}
    counted = text % numbers
    names = ", ".join(f"{CONNECTORS[c.provider].label} {c.name}" for c in behind)
    return {
        "url": reverse("providers:runs", args=[slug])
        if linked
        else reverse("overview", args=[slug]),
        "tone": "bad" if behind else "ok",
        "text": counted if behind else _("Up to date"),
        "short": _("%(good)d of %(all)d") % numbers,
        "detail": _("not up to date: %(names)s") % {"names": names} if behind else counted,
    }
