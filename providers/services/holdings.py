"""Ask which of a provider's references are already held and what people call them, wherever they are kept.

These are the only calls upward. A start-up check imports all the names: without the first another company's key
would pass as ours.
"""

from collections.abc import Callable, Iterable, Mapping

from django.conf import settings
from django.utils.module_loading import import_string

from providers.models import Credential
from providers.rows import ScopeSeed
from providers.tenancy.models import Tenant

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


def given_names(tenant: Tenant, *, scopes: Iterable[int]) -> Mapping[int, str]:
    """Return by their keys what people call scopes, where that is another name than the scope's own.

    Accounts are kept above this app: `GIVEN_NAMES` in the settings is a dotted path to who knows.
    """
    known: Mapping[int, str] = import_string(settings.GIVEN_NAMES)(tenant, scopes=scopes)
    return known
