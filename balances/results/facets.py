"""Count the tenant's balances by what one may choose of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, QuerySet

from balances.fields import fold
from balances.query.catalogue import STATES
from balances.query.compile import CLOSED
from balances.results.context import Context
from balances.results.snapshot import snapshot

# What is zero adds nothing to a sum, so that a page may leave it out and still count it.
ZERO = "is_zero"
FACETS = ("currency", "holder", "scope__credential_id", "state_rank", "account__network")


@dataclass(frozen=True, kw_only=True)
class Facets:
    """Count the tenant's rows by what the pills offer; closed rows are counted under their state alone.

    Networks are told apart as the filter does, whatever the case; "" counts the rows without one.
    """

    tenant_count: int = 0
    closed_count: int = 0
    currency: dict[str, int] = field(default_factory=dict)
    provider: dict[str, int] = field(default_factory=dict)
    credential: dict[str, int] = field(default_factory=dict)
    holder: dict[str, int] = field(default_factory=dict)
    network: dict[str, int] = field(default_factory=dict)
    state: dict[str, int] = field(default_factory=dict)


def facets(context: Context) -> Facets:
    """Count all the tenant's rows, in one statement."""
    with snapshot():
        return counted(groups_of(context, *FACETS).annotate(n=Count("pk")), context)


def groups_of(context: Context, *columns: str) -> QuerySet[Any]:
    """Group all the tenant's rows by columns."""
    groups: QuerySet[Any] = ranked(context.everything()).values(*columns)
    return groups


def ranked(balances: QuerySet[Any]) -> QuerySet[Any]:
    """Make state and zero columns to group by, and leave the rows unordered."""
    computed = {name: F(name) for name in ("state_rank", ZERO)}
    found: QuerySet[Any] = balances.annotate(**computed).order_by()
    return found


def counted(groups: Iterable[Mapping[str, Any]], context: Context) -> Facets:
    """Add groups up by each thing there is to choose."""
    groups = list(groups)
    open_ones = [(group, group["n"]) for group in groups if group["state_rank"] != CLOSED]
    credentials = context.by_id
    return Facets(
        tenant_count=sum(n for _, n in open_ones),
        closed_count=sum(group["n"] for group in groups) - sum(n for _, n in open_ones),
        currency=_counts((group["currency"], n) for group, n in open_ones),
        provider=_counts(
            (credentials[g["scope__credential_id"]].provider, n) for g, n in open_ones
        ),
        credential=_counts(
            (credentials[g["scope__credential_id"]].public_id, n) for g, n in open_ones
        ),
        holder=_counts((group["holder"].lower(), n) for group, n in open_ones),
        network=_networks((group["account__network"], n) for group, n in open_ones),
        state=_counts((STATES[group["state_rank"]], group["n"]) for group in groups),
    )


def _counts(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, n in sorted(pairs):
        found[name] = found.get(name, 0) + n
    return found


def _networks(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Count under one spelling what differs in case alone."""
    known: dict[str, str] = {}
    return _counts([(known.setdefault(fold(name), name), n) for name, n in sorted(pairs)])
