"""Ask which of a provider's references are already held, wherever they are kept."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from providers.models import Credential

HeldRefs = Callable[[Credential], frozenset[str]]


def held_refs(credential: Credential) -> frozenset[str]:
    """Return the account references that were read through a credential.

    Accounts are kept above this app, so the settings name who knows them: `HELD_REFS`, a dotted
    path to a function from a credential to its references.
    """
    path = getattr(settings, "HELD_REFS", "")
    known: HeldRefs = import_string(path) if path else _nothing
    return known(credential)


def recount(credential: Credential) -> None:
    """Have what a credential shares with others counted anew, after its watch list was changed.

    Totals are kept above this app: `RECOUNT` in the settings is a dotted path to who counts.
    """
    if path := getattr(settings, "RECOUNT", ""):
        import_string(path)(credential)


def _nothing(credential: Credential) -> frozenset[str]:
    return frozenset()
