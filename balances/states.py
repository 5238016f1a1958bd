"""Name the states of a balance: one word each, the same on every surface."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StateWords:
    """How one state is said and drawn: `tone` is a class of the design, `icon` a symbol of the sprite.

    `since` stands before the time of the figure, and begins with the word where the language lets it.
    """

    label: str | Promise
    since: str | Promise
    tone: str
    icon: str

    @property
    def after(self) -> str:
        """Return what `since` says after the word itself, which the eye sees alone."""
        word, since = str(self.label), str(self.since)
        return since.removeprefix(word) if since.startswith(word) else f", {since}"


STATES = {
    "fresh": StateWords(_("Up to date"), _("Up to date, confirmed"), "ok", "check"),
    "stale": StateWords(_("Stale"), _("Stale since"), "warn", "clock"),
    "not_synced": StateWords(_("Not synced"), _("Not synced since"), "bad", "alert"),
    "held": StateWords(_("Held"), _("Held, last good figure of"), "warn", "lock"),
    "missing": StateWords(_("Missing"), _("Missing since"), "warn", "clock"),
    "paused": StateWords(_("Paused"), _("Paused, last good figure of"), "off", "pause"),
    "closed": StateWords(_("Closed"), _("Closed, last figure of"), "off", "lock"),
    "never": StateWords(_("Never read"), _("Never read"), "off", "dash"),
}
