"""Read once with a credential that is not saved yet, and say what that shows."""

import time
from dataclasses import dataclass
from datetime import timedelta

from providers.connectors.base import Verdict
from providers.http import Limits
from providers.models import Credential, Scope, ScopeKind
from providers.services.clients import open_client
from providers.services.drafts import Draft
from providers.services.holdings import HeldRefs, held_refs

# A person waits for this: shorter than a run's request, and not tried again.
LIMITS = Limits(deadline=8.0, tries=1)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Hold what a test showed: the verdict, and how it compares with what we hold.

    `is_stranger` means that a saved credential's key opens another company's data. `also_through` are
    the other credentials that already read some of the same. `took` is how long the provider was asked.
    """

    verdict: Verdict
    took: timedelta = timedelta()
    is_stranger: bool = False
    also_through: tuple[Credential, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Tell whether the credential may be saved."""
        return self.verdict.ok and not self.is_stranger


def probe(draft: Draft, *, held: HeldRefs = held_refs) -> Finding:
    """Ask the provider; saves nothing, and must run outside any transaction.

    Raises: SealingError, when a saved secret cannot be opened.
    """
    began = time.monotonic()
    verdict = _ask(draft)
    took = timedelta(seconds=time.monotonic() - began)
    if not verdict.ok:
        return Finding(verdict=verdict, took=took)
    seen = verdict.refs - _named(draft)
    return Finding(
        verdict=verdict,
        took=took,
        is_stranger=draft.saved is not None and _is_stranger(draft, verdict, seen=seen, held=held),
        also_through=_also_through(draft, verdict, seen=seen, held=held),
    )


def _ask(draft: Draft) -> Verdict:
    values = draft.values()
    with open_client(
        draft.connector, values=values, environment=draft.environment, limits=LIMITS
    ) as client:
        return draft.connector.verify(client, values)


def _named(draft: Draft) -> frozenset[str]:
    """Return the references that our own settings name; that those come back proves nothing.

    Payman's agent is always `agent`, and its customers are asked by the ids we configured.
    """
    seeds = draft.connector.scopes(draft.values())
    return frozenset(row.account_ref for seed in seeds for row in seed.expects)


def _is_stranger(draft: Draft, verdict: Verdict, *, seen: frozenset[str], held: HeldRefs) -> bool:
    """Tell whether nothing of what we hold came back: neither the identity nor a reference.

    A key that does not tell whose it is proves nothing where we know whose it must be.
    """
    assert draft.saved is not None  # noqa: S101  # there is nothing to compare a new one with
    known = held(draft.saved) - _named(draft)
    ours, theirs = draft.saved.identity_ref, verdict.identity_ref
    if (ours and ours == theirs) or seen & (known | _read_scopes(draft.saved)):
        return False
    return bool(known or ours) if draft.is_replacing else bool(ours and theirs)


def _also_through(
    draft: Draft, verdict: Verdict, *, seen: frozenset[str], held: HeldRefs
) -> tuple[Credential, ...]:
    """Find the credentials of this tenant, provider and environment that read some of the same."""
    others = Credential.objects.for_tenant(draft.tenant).filter(
        provider=draft.connector.code, environment=draft.environment, retired_at=None
    )
    if draft.saved is not None:
        others = others.exclude(pk=draft.saved.pk)
    same_id = verdict.identity_ref
    return tuple(
        other
        for other in others.select_related("tenant").order_by("created_at", "pk")
        if (same_id and other.identity_ref == same_id) or seen & (held(other) | _read_scopes(other))
    )


def _read_scopes(credential: Credential) -> frozenset[str]:
    """Return the scopes once read whole: a customer without a wallet is known by its scope alone."""
    scopes = Scope.objects.for_tenant(credential.tenant).filter(credential=credential)
    read = scopes.filter(kind=ScopeKind.BALANCES, readings__gt=0)
    return frozenset(read.values_list("ref", flat=True))
