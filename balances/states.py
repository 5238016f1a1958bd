"""Name the states of a balance: one word each, the same on every surface."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StateWords:
    """How one state is said and drawn: `tone` is a class of the design, `icon` a symbol of the sprite."""

    label: str | Promise
    since: str | Promise
    tone: str
    icon: str


STATES = {
    "fresh": StateWords(_("Up to date"), _("Up to date, confirmed"), "ok", "check"),
    "stale": StateWords(_("Stale"), _("Stale since"), "warn", "clock"),
    "not_synced": StateWords(_("Not synced"), _("Not synced since"), "bad", "alert"),
    "held": StateWords(_("Held"), _("Held, last good figure of"), "warn", "lock"),
    "missing": StateWords(_("Missing"), _("Missing, last good figure of"), "warn", "clock"),
    "paused": StateWords(_("Paused"), _("Paused, last good figure of"), "off", "pause"),
    "closed": StateWords(_("Closed"), _("Closed, last figure of"), "off", "lock"),
    "never": StateWords(_("Never read"), _("Never read"), "off", "dash"),
}
