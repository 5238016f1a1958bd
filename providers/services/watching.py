"""Keep the scopes of a credential in step with what its settings watch."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from providers.models import Credential, Scope
from providers.rows import ScopeKind, ScopeSeed

# A statement with more parameters than this is refused by some builds of SQLite.
BATCH = 500


def watch(credential: Credential, *, seeds: Iterable[ScopeSeed], now: datetime) -> tuple[str, ...]:
    """Open the scopes the settings name, close those they name no more; return what was closed.

    Where a listing is watched it names further scopes by itself, so nothing is closed here.
    """
    named = {seed.ref: seed for seed in seeds}
    stored = {scope.ref: scope for scope in _scopes(credential)}
    is_listed = any(seed.kind == ScopeKind.LISTING for seed in named.values())
    dropped = [] if is_listed else [scope for ref, scope in stored.items() if ref not in named]
    returned = [scope for ref, scope in stored.items() if ref in named and scope.closed_at]
    _update(credential, returned, closed_at=None)
    _create(credential, [seed for ref, seed in named.items() if ref not in stored])
    return _close(credential, dropped, now=now)


def close_all(credential: Credential, *, now: datetime) -> tuple[str, ...]:
    """Stop watching everything of a credential; return what was closed."""
    return _close(credential, _scopes(credential), now=now)


def _scopes(credential: Credential) -> QuerySet[Scope]:
    return Scope.objects.for_tenant(credential.tenant).filter(credential=credential)


def _close(credential: Credential, scopes: Iterable[Scope], *, now: datetime) -> tuple[str, ...]:
    open_ones = [scope for scope in scopes if scope.closed_at is None]
    _update(credential, open_ones, closed_at=now, due_at=None)
    return tuple(sorted(scope.ref for scope in open_ones))


def _update(credential: Credential, scopes: list[Scope], **changes: Any) -> None:
    ids = [scope.pk for scope in scopes]
    for start in range(0, len(ids), BATCH):
        _scopes(credential).filter(pk__in=ids[start : start + BATCH]).update(**changes)


def _create(credential: Credential, seeds: list[ScopeSeed]) -> None:
    Scope.objects.for_tenant(credential.tenant).bulk_create(
        [
            Scope(
                tenant=credential.tenant,
                credential=credential,
                ref=seed.ref,
                kind=seed.kind,
                name=seed.name,
            )
            for seed in seeds
        ],
        batch_size=BATCH,
    )


def known_seeds(credential: Credential) -> tuple[ScopeSeed, ...]:
    """Name the open scopes of earlier runs: a customer that left the list is still asked."""
    scopes = (
        Scope.objects.for_tenant(credential.tenant)
        .filter(credential=credential, closed_at=None, kind=ScopeKind.BALANCES)
        .order_by("pk")
    )
    return tuple(
        ScopeSeed(ref=ref, kind=ScopeKind.BALANCES, name=name)
        for ref, name in scopes.values_list("ref", "name")
    )
