"""Turn a query into expressions over balances; with `conditions`, all that knows their paths.

Names are looked up in fixed tables: no text of a user becomes a keyword, an alias or a sort column.
Computed columns are made once by `prepare` and serve filter, order, groups and totals alike.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, IsNull

from balances.fields import fold
from balances.query.catalogue import FIELDS, Kind
from balances.query.conditions import PATHS, RANK, compile_condition
from balances.query.facts import CredentialFacts as CredentialFacts
from balances.query.facts import Facts as Facts
from balances.query.tree import BalanceQuery, Condition, Group, Logic, Sort

CLOSED = RANK["closed"]
FRESH = RANK["fresh"]
_NOTHING = Decimal(0)


def prepare(balances: QuerySet[Any], *, facts: Facts) -> QuerySet[Any]:
    """Name the computed columns: state_rank, true_as_of, true_source, read_at, is_zero."""
    prepared: QuerySet[Any] = balances.alias(
        state_rank=state_rank(facts),
        true_as_of=Coalesce(F("as_of"), F("scope__as_of"), output_field=DateTimeField()),
        true_source=Case(
            When(as_of__isnull=False, then=F("as_of_source")),
            default=F("scope__as_of_source"),
            output_field=CharField(),
        ),
        read_at=Coalesce(F("fetched_at"), F("scope__read_at"), output_field=DateTimeField()),
        is_zero=is_zero(),
    )
    return prepared


def is_zero() -> Case:
    """Compute 1 where all that is reported is zero, and 0 for every other row, unknown ones included."""
    zero = Q(available=_NOTHING)
    for other in ("pending", "ledger"):
        zero &= Q((other, _NOTHING)) | Q((f"{other}__isnull", True))
    return Case(When(zero, then=Value(1)), default=Value(0), output_field=IntegerField())


def state_rank(facts: Facts) -> Case:
    """Compute each balance's state as its place in STATES; the first that holds."""
    paused = facts.ids(lambda c: c.is_paused)
    failing = facts.ids(lambda c: c.is_failing)
    return Case(
        When(~is_open(facts), then=Value(CLOSED)),
        When(scope__read_at__isnull=True, then=Value(RANK["never"])),
        When(missing_since__isnull=False, then=Value(RANK["missing"])),
        When(scope__held_at__isnull=False, then=Value(RANK["held"])),
        When(scope__credential_id__in=paused, then=Value(RANK["paused"])),
        When(
            ~Q(scope__error_code="") | Q(scope__credential_id__in=failing),
            then=Value(RANK["not_synced"]),
        ),
        When(_stale(facts), then=Value(RANK["stale"])),
        default=Value(FRESH),
        output_field=IntegerField(),
    )


def is_open(facts: Facts) -> Q:
    """Return the filter that leaves closed rows out."""
    retired = facts.ids(lambda c: c.is_retired)
    watched = Q(account__closed_at__isnull=True, scope__closed_at__isnull=True)
    return watched & ~Q(scope__credential_id__in=retired) if retired else watched


def _stale(facts: Facts) -> Q:
    """Compare with one cutoff where all credentials share it, else with each one's own."""
    by_cutoff: dict[datetime, list[int]] = {}
    for key, cutoff in facts.cutoffs.items():
        by_cutoff.setdefault(cutoff, []).append(key)
    if len(by_cutoff) == 1:
        return Q(scope__read_at__lt=next(iter(by_cutoff)))
    stale = Q(pk__in=[])
    for cutoff, keys in by_cutoff.items():
        stale |= Q(scope__credential_id__in=keys, scope__read_at__lt=cutoff)
    return stale


# --- Filters ----------------------------------------------------------------------------------
def compile_where(query: BalanceQuery, *, facts: Facts) -> Q:
    """Return the filter over prepared balances; closed rows are out unless `state` is named.

    Raises: QueryError, for a provider or credential that does not exist.
    """
    where = _group(query.where, facts)
    for term in query.q.split():
        where &= _search(term)
    return where if query.names_state else where & is_open(facts)


def _group(group: Group, facts: Facts) -> Q:
    parts = [
        compile_condition(part, facts=facts) if isinstance(part, Condition) else _group(part, facts)
        for part in group.filters
    ]
    joined = Q()
    for part in parts:
        joined = joined | part if group.logic is Logic.OR else joined & part
    return joined


def _search(term: str) -> Q:
    text = fold(term)
    found = Q(account__search__contains=text)
    return found | Q(currency__contains=text.upper()) if text.isascii() else found


# --- Order ------------------------------------------------------------------------------------
def compile_order(query: BalanceQuery, *, facts: Facts) -> list[OrderBy]:
    """Return a total order: groups stay together, no value stands last, the key decides ties."""
    given = {key.field: key for key in query.sort}
    groups = [given.pop(name, Sort(name)) for name in query.group_by]
    order = [part for key in groups for part in _order(key, facts)]
    if "account" in query.group_by:
        order.append(OrderBy(F("account_id")))  # two accounts of one name are two groups
    order += [part for key in given.values() for part in _order(key, facts)]
    return [*order, OrderBy(F("id"))]


def _order(key: Sort, facts: Facts) -> list[OrderBy]:
    if key.field in _RANKED:
        ranked = _by_credential(_RANKED[key.field], facts)
        return [OrderBy(ranked, descending=key.descending)]
    path = PATHS[key.field]
    # Own money stands first; its stored code does not.
    descending = key.descending != (key.field == "holder")
    order = [OrderBy(F(path), descending=descending)]
    if FIELDS[key.field].kind is Kind.TEXT:
        return [OrderBy(Exact(F(path), Value(""))), *order]
    return (
        order
        if FIELDS[key.field].kind in (Kind.CODE, Kind.TOKEN)
        else [OrderBy(IsNull(F(path), True)), *order]
    )


_RANKED: dict[str, Callable[[CredentialFacts], tuple[Any, ...]]] = {
    "provider": lambda credential: (credential.provider,),
    "credential": lambda credential: (fold(credential.name), credential.id),
}


def _by_credential(key: Callable[[CredentialFacts], tuple[Any, ...]], facts: Facts) -> Case:
    """Rank balances by what their credential is called, in the order of Python's `str`."""
    places = {value: rank for rank, value in enumerate(sorted(set(map(key, facts.credentials))))}
    ids: dict[int, list[int]] = {}
    for credential in facts.credentials:
        ids.setdefault(places[key(credential)], []).append(credential.id)
    whens = [When(scope__credential_id__in=keys, then=Value(rank)) for rank, keys in ids.items()]
    return Case(*whens, default=Value(len(ids)), output_field=IntegerField())
