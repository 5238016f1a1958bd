"""Say why a tenant holds no balance yet, and what shows some."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.results import Context
from providers.models import Credential, RunStatus, SyncRun
from providers.tenancy.people import admins_of
from providers.tenancy.scoping import Action, may
from providers.views.selection import credential_label


def nothing_yet(context: Context, *, role: str) -> dict[str, Any]:
    """Return title, text and links for a tenant without any balance, by how far it has come."""
    connected = [c for c in context.stored if c.retired_at is None]
    if connected:
        found = {"text": _said_of(connected, context), "links": _runs(context, role=role)}
    elif may(role, action=Action.MANAGE_CREDENTIALS):
        when = _("Balances appear after a provider is connected and has synced once.")
        soon = _("That takes about a minute.")
        url = reverse("providers:credentials", args=[context.tenant.slug])
        link = {"label": _("Add a provider"), "url": url, "primary": True, "icon": "plus"}
        found = {"text": f"{when} {soon}", "links": [link]}
    else:
        found = {"text": _ask(context), "links": []}
    return {"title": _("No balances yet"), **found}


def _ask(context: Context) -> str:
    """Say whom to ask for a first connection."""
    names = [str(admin) for admin in admins_of(context.tenant)]
    said = {"tenant": context.tenant.name, "names": get_text_list(names, _("or"))}
    if not names:
        return _("An admin of %(tenant)s has to connect a provider first.") % said
    return _("An admin of %(tenant)s has to connect a provider first: %(names)s.") % said


def _said_of(connected: Sequence[Credential], context: Context) -> str:
    """Say how far the connections have come: failed, resting, read and empty, or on their way."""
    ended = _last_ends(context)
    failed = [c for c in connected if c.error_code or ended.get(c.pk) == RunStatus.FAILED]
    active = [c for c in connected if c.is_active]
    if failed:
        return _named(failed, _("%(names)s could not be read yet: the run says why."))
    if not active:
        return _named(connected, _("%(names)s is paused and was never read."))
    if all(c.last_succeeded_at for c in active):
        return _named(active, _("%(names)s was read and holds no balance."))
    count = len(active)
    text = ngettext(
        "%(names)s is connected and read for the first time. That takes about a minute.",
        "%(names)s are connected and read for the first time. That takes about a minute.",
        count,
    )
    return _named(active, text)


def _last_ends(context: Context) -> dict[int, str]:
    """Return how the last run of each credential ended."""
    runs = SyncRun.objects.for_tenant(context.tenant).exclude(ended_at=None)
    return dict(runs.order_by("started_at", "id").values_list("credential_id", "status"))


def _named(credentials: Sequence[Credential], text: str) -> str:
    return text % {"names": get_text_list([credential_label(c) for c in credentials], _("and"))}


def _runs(context: Context, *, role: str) -> list[dict[str, Any]]:
    """Offer the runs to who may read them, and to look again to everybody."""
    links = [{"label": _("Look again"), "url": "", "primary": False, "icon": "refresh"}]
    if may(role, action=Action.READ_PROVIDERS):
        url = reverse("providers:runs", args=[context.tenant.slug])
        links.append({"label": _("See the runs"), "url": url, "primary": False, "icon": ""})
    return links
