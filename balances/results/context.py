"""Hold what every answer to one request shares: the tenant, its credentials, and now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from balances.models import Balance
from balances.query.compile import CredentialFacts, Facts, compile_where, prepare
from balances.query.tree import BalanceQuery
from providers.connectors import CONNECTORS
from providers.health import Parts, counted
from providers.models import Credential, Scope, ScopeKind
from providers.tenancy.models import Tenant

__all__ = ("Context", "CredentialFacts")


class Unread(NamedTuple):
    """Count the open scopes of a credential that were never read and have no row; `is_whole` is all there is."""

    parts: int
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class Context:
    """Hold the tenant, its credentials as they stand (`stored`), and the one `now` that judges freshness.

    Time: `now` is aware UTC.
    """

    tenant: Tenant
    stored: tuple[Credential, ...]
    unread: Mapping[int, Unread]
    parts: Mapping[int, Parts]
    facts: Facts

    @classmethod
    def load(cls, tenant: Tenant, *, now: datetime) -> "Context":
        """Read the tenant's credentials, in one statement."""
        found = Credential.objects.for_tenant(tenant).select_related("paused_by")
        stored = tuple(found.annotate(**_unread(tenant), **counted(tenant)))
        return cls(
            tenant=tenant,
            stored=stored,
            unread={each.pk: Unread(each.unread_parts, each.is_unread) for each in stored},
            parts={each.pk: Parts(each.failing_parts, each.held_parts) for each in stored},
            facts=Facts(now, tuple(map(_facts, stored)), frozenset(CONNECTORS)),
        )

    @property
    def now(self) -> datetime:
        """Return the instant by which freshness is judged."""
        return self.facts.now

    @property
    def credentials(self) -> tuple[CredentialFacts, ...]:
        """Return what a question needs of the tenant's credentials, retired ones included."""
        return self.facts.credentials

    @property
    def cutoffs(self) -> Mapping[int, datetime]:
        """Return per credential key the instant before which a reading is stale."""
        return self.facts.cutoffs

    @cached_property
    def by_id(self) -> Mapping[int, CredentialFacts]:
        """Return the credentials by key."""
        return {credential.id: credential for credential in self.credentials}

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return the words for codes whose names are data: providers and credentials."""
        return {
            "provider": {code: provider_label(code) for code in self.facts.providers},
            "credential": {c.public_id: c.name for c in self.credentials},
        }

    def everything(self) -> QuerySet[Any]:
        """Return all balances of the tenant, closed ones too, with the computed columns."""
        return prepare(Balance.objects.for_tenant(self.tenant), facts=self.facts)

    def matching(self, query: BalanceQuery) -> QuerySet[Any]:
        """Return the balances a query speaks of: the one filter of list, totals, chart and file.

        Raises: QueryError, for a provider or credential that does not exist.
        """
        return self.everything().filter(compile_where(query, facts=self.facts))


def provider_label(code: str) -> str:
    """Return what people call a provider, its code when it has no connector any more."""
    connector = CONNECTORS.get(code)
    return connector.label if connector else code


def provider_slot(code: str) -> int:
    """Return a provider's place among the chart colours, from 1, by the registry's order."""
    codes = list(CONNECTORS)
    return codes.index(code) + 1 if code in CONNECTORS else len(codes) + 1


def _unread(tenant: Tenant) -> dict[str, Any]:
    """Return what to ask beside the credentials: what of them was never read, by an index of just that."""
    scopes = Scope.objects.for_tenant(tenant).filter(credential=OuterRef("pk"))
    never = scopes.filter(read_at=None, closed_at=None)
    rows = Balance.objects.for_tenant(tenant).filter(scope=OuterRef("pk"))
    parts = never.filter(~Exists(rows), kind=ScopeKind.BALANCES).order_by().values("credential")
    unlisted = never.filter(kind=ScopeKind.LISTING)
    return {
        "unread_parts": Coalesce(Subquery(parts.annotate(n=Count("pk")).values("n")), 0),
        "is_unread": Exists(unlisted) | ~Exists(scopes),
    }


def _facts(credential: Credential) -> CredentialFacts:
    return CredentialFacts(
        id=credential.pk,
        public_id=credential.public_id,
        provider=credential.provider,
        environment=credential.environment,
        name=credential.name,
        stale_after=credential.stale_after,
        is_paused=credential.paused_at is not None,
        is_retired=credential.retired_at is not None,
        is_failing=bool(credential.error_code),
    )
