"""Say in plain words what went wrong with a provider, and what mends it."""

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class ErrorWords:
    """What happened (`short`, after a name), what to do or what happens by itself (`remedy`), its class (`brief`)."""

    short: str | Promise
    remedy: str | Promise
    brief: str | Promise


ERRORS = {
    "credential_rejected": ErrorWords(
        _("the key was refused"),
        _("Replace the secret, or ask the provider for the missing permission."),
        _("key refused"),
    ),
    "forbidden": ErrorWords(
        _("access refused"),
        _("Ask the provider for the right to read it."),
        _("access refused"),
    ),
    "not_found": ErrorWords(
        _("not known to the provider"),
        _("Check the id among the watched ones."),
        _("not known"),
    ),
    "throttled": ErrorWords(
        _("asked to wait"),
        _("It is read again when the provider allows it."),
        _("asked to wait"),
    ),
    "unreachable": ErrorWords(
        _("could not be reached"),
        _("It is tried again by itself."),
        _("unreachable"),
    ),
    "timeout": ErrorWords(
        _("no whole answer in time"),
        _("It is tried again by itself."),
        _("timed out"),
    ),
    "tls_failed": ErrorWords(
        _("its certificate is not valid"),
        _("Do not trust this address until the provider has mended it."),
        _("certificate not valid"),
    ),
    "redirect_refused": ErrorWords(
        _("it points to another address"),
        _("Check the base URL; redirects are never followed."),
        _("address moved"),
    ),
    "too_large": ErrorWords(
        _("its answer was too large"),
        _("Nothing of it was kept."),
        _("answer too large"),
    ),
    "unreadable": ErrorWords(
        _("its answer was not understood"),
        _("Nothing of it was kept; the last good figures stand."),
        _("not understood"),
    ),
    "misconfigured": ErrorWords(
        _("set up wrongly"),
        _("Correct the credential's settings."),
        _("set up wrongly"),
    ),
    "bad_request": ErrorWords(
        _("it refused our question"),
        _("This is our mistake; report it."),
        _("question refused"),
    ),
    "incomplete": ErrorWords(
        _("its list changed while it was read"),
        _("It is read again by itself; the last good figures stand."),
        _("list changed"),
    ),
    "server_error": ErrorWords(
        _("it failed at the provider"),
        _("It is tried again by itself."),
        _("provider error"),
    ),
    "host_refused": ErrorWords(
        _("its address is not allowed"),
        _("An operator must allow the host before it is asked."),
        _("address not allowed"),
    ),
    "secret_unreadable": ErrorWords(
        _("its secret cannot be opened"),
        _(
            "An operator must bring its key back to SEALING_KEYS; if it is lost, replace the secret."
        ),
        _("secret not opened"),
    ),
    "stalled": ErrorWords(
        _("it finished nothing for too long"),
        _("It is tried again by itself; what was read until then is kept."),
        _("stalled"),
    ),
    "lease_lost": ErrorWords(
        _("another run took over, or it was stopped"),
        _("What was read until then is kept."),
        _("taken over"),
    ),
    "internal_error": ErrorWords(
        _("it failed on our side"),
        _("This is our mistake; report it. It is tried again by itself."),
        _("our mistake"),
    ),
}
# How `providers.http.verdicts` begins the detail of an answer that is no success.
STATUS = re.compile(r"HTTP (\d{3})\b")
UNKNOWN = ErrorWords(_("it failed"), _("It is tried again by itself."), _("failed"))


def error_words(code: str) -> ErrorWords:
    """Return the words of an error code, plain ones for a code without its own."""
    return ERRORS.get(code, UNKNOWN)


def told_status(detail: str) -> str:
    """Return the HTTP status a detail begins with, nothing where the provider did not answer."""
    told = STATUS.match(detail)
    return told[1] if told else ""


def error_class(code: str, *, detail: str = "") -> str:
    """Return the shortest name of a failure: the status the provider answered with, else our word."""
    return told_status(detail) or str(error_words(code).brief)


def error_brief(code: str, *, detail: str = "") -> str:
    """Return our word for a failure with the status the provider answered: provider error 500."""
    return f"{error_words(code).brief} {told_status(detail)}".strip()


def every(seconds: int) -> str:
    """Say an interval in the largest unit that divides it: Every 15 minutes."""
    if seconds % 86_400 == 0:
        return _counted(
            ngettext("Every day", "Every %(n)d days", seconds // 86_400), seconds // 86_400
        )
    if seconds % 3_600 == 0:
        return _counted(
            ngettext("Every hour", "Every %(n)d hours", seconds // 3_600), seconds // 3_600
        )
    if seconds % 60 == 0:
        return _counted(
            ngettext("Every minute", "Every %(n)d minutes", seconds // 60), seconds // 60
        )
    return gettext("Every %(n)d seconds") % {"n": seconds}


def lasting(seconds: int) -> str:
    """Say a span in the largest unit that divides it: 30 minutes."""
    if seconds % 86_400 == 0:
        return _counted(ngettext("%(n)d day", "%(n)d days", seconds // 86_400), seconds // 86_400)
    if seconds % 3_600 == 0:
        return _counted(ngettext("%(n)d hour", "%(n)d hours", seconds // 3_600), seconds // 3_600)
    if seconds % 60 == 0:
        return _counted(ngettext("%(n)d minute", "%(n)d minutes", seconds // 60), seconds // 60)
    return gettext("%(n)d seconds") % {"n": seconds}


def _counted(pattern: str, n: int) -> str:
    return pattern % {"n": n}
