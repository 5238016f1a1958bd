"""Ask which of a provider's references are already held, wherever they are kept.

These are the only calls upward. A start-up check imports both names: without them another company's key
would pass as ours.
"""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils.module_loading import import_string

from providers.models import Credential
from providers.rows import ScopeSeed

HeldRefs = Callable[[Credential], frozenset[str]]


def held_refs(credential: Credential) -> frozenset[str]:
    """Return the account references that were read through a credential.

    Accounts are kept above this app, so the settings name who knows them: `HELD_REFS`, a dotted
    path to a function from a credential to its references.
    """
    known: HeldRefs = import_string(settings.HELD_REFS)
    return known(credential)


def settle(credential: Credential, *, seeds: Iterable[ScopeSeed]) -> None:
    """Have rows, search words and counts follow a saved name and watch list, whether or not it is read.

    Balances are kept above this app: `RECOUNT` in the settings is a dotted path to who does it.
    """
    import_string(settings.RECOUNT)(credential, seeds=seeds)
