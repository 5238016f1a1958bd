"""Say in plain words what went wrong with a provider, and what mends it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class ErrorWords:
    """What happened (`short`, after a name), and what to do or what happens by itself (`remedy`)."""

    short: str | Promise
    remedy: str | Promise


ERRORS = {
    "credential_rejected": ErrorWords(
        _("the key was refused"),
        _("Replace the secret, or ask the provider for the missing permission."),
    ),
    "forbidden": ErrorWords(_("access refused"), _("Ask the provider for the right to read it.")),
    "not_found": ErrorWords(
        _("not known to the provider"), _("Check the id among the watched ones.")
    ),
    "throttled": ErrorWords(_("asked to wait"), _("It is read again when the provider allows it.")),
    "unreachable": ErrorWords(_("could not be reached"), _("It is tried again by itself.")),
    "timeout": ErrorWords(_("no whole answer in time"), _("It is tried again by itself.")),
    "tls_failed": ErrorWords(
        _("its certificate is not valid"),
        _("Do not trust this address until the provider has mended it."),
    ),
    "redirect_refused": ErrorWords(
        _("it points to another address"), _("Check the base URL; redirects are never followed.")
    ),
    "too_large": ErrorWords(_("its answer was too large"), _("Nothing of it was kept.")),
    "unreadable": ErrorWords(
        _("its answer was not understood"),
        _("Nothing of it was kept; the last good figures stand."),
    ),
    "misconfigured": ErrorWords(_("set up wrongly"), _("Correct the credential's settings.")),
    "bad_request": ErrorWords(_("it refused our question"), _("This is our mistake; report it.")),
    "incomplete": ErrorWords(
        _("its list changed while it was read"),
        _("It is read again by itself; the last good figures stand."),
    ),
    "server_error": ErrorWords(_("it failed at the provider"), _("It is tried again by itself.")),
    "host_refused": ErrorWords(
        _("its address is not allowed"), _("An operator must allow the host before it is asked.")
    ),
}
UNKNOWN = ErrorWords(_("it failed"), _("It is tried again by itself."))


def error_words(code: str) -> ErrorWords:
    """Return the words of an error code, plain ones for a code without its own."""
    return ERRORS.get(code, UNKNOWN)
