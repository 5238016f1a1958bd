"""Turn a query into expressions over balances; the one module that knows their paths.

Names are looked up in fixed tables: no text of a user becomes a keyword, an alias or a sort column.
Computed columns are made once by `prepare` and serve filter, order, groups and totals alike.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Case, DateTimeField, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, IsNull

from balances.fields import fold
from balances.query.catalogue import FIELDS, STATES, Kind
from balances.query.faults import QueryError
from balances.query.tree import BalanceQuery, Condition, Group, Logic, Sort
from balances.query.tree import Value as Given

RANK = {state: rank for rank, state in enumerate(STATES)}
CLOSED = RANK["closed"]
FRESH = RANK["fresh"]
_NOTHING = Decimal(0)
_ZERO = {"zero": 1, "not_zero": 0}


@dataclass(frozen=True, kw_only=True)
class CredentialFacts:
    """Hold what a question needs to know of one credential.

    Units: `stale_after` in seconds.
    """

    id: int
    public_id: str
    provider: str
    environment: str
    name: str
    stale_after: int
    is_paused: bool
    is_retired: bool
    is_failing: bool


@dataclass(frozen=True)
class Facts:
    """Hold what a question needs to know of its tenant: now, its credentials, the providers there are."""

    now: datetime
    credentials: tuple[CredentialFacts, ...]
    providers: frozenset[str]

    @cached_property
    def cutoffs(self) -> Mapping[int, datetime]:
        """Return per credential the instant before which a reading is stale."""
        return {c.id: self.now - timedelta(seconds=c.stale_after) for c in self.credentials}

    def ids(self, wanted: Callable[[CredentialFacts], bool]) -> list[int]:
        """Return the keys of the credentials wanted."""
        return [credential.id for credential in self.credentials if wanted(credential)]


def prepare(balances: QuerySet[Any], *, facts: Facts) -> QuerySet[Any]:
    """Name the computed columns: state_rank, true_as_of, read_at, is_zero."""
    prepared: QuerySet[Any] = balances.alias(
        state_rank=state_rank(facts),
        true_as_of=Coalesce(F("as_of"), F("scope__as_of"), output_field=DateTimeField()),
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
        _condition(part, facts) if isinstance(part, Condition) else _group(part, facts)
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


def _condition(condition: Condition, facts: Facts) -> Q:
    if condition.field in _BY_CREDENTIAL:
        keys = _BY_CREDENTIAL[condition.field](condition.values, facts)
        return Q(scope__credential_id__in=keys)
    values = [_stored(condition.field, value) for value in condition.values]
    path = _PATHS[condition.field]
    return _COMPARISONS[condition.operator](path, values)


# Operator of the catalogue → condition over one path and its values.
_COMPARISONS: dict[str, Callable[[str, list[Any]], Q]] = {
    "eq": lambda path, values: Q((path, values[0])),
    "in": lambda path, values: Q((f"{path}__in", values)),
    "gt": lambda path, values: Q((f"{path}__gt", values[0])),
    "gte": lambda path, values: Q((f"{path}__gte", values[0])),
    "lt": lambda path, values: Q((f"{path}__lt", values[0])),
    "lte": lambda path, values: Q((f"{path}__lte", values[0])),
    "between": lambda path, values: Q((f"{path}__range", tuple(values))),
}
_PATHS = {
    "currency": "currency",
    "holder": "holder",
    "counting": "counting",
    "account": "account__label_folded",
    "account_kind": "account__kind",
    "owner": "account__owner_folded",
    "reference": "account__ref_folded",
    "network": "account__network_folded",
    "state": "state_rank",
    "balance": "is_zero",
    "available": "available",
    "pending": "pending",
    "ledger": "ledger",
    "as_of": "true_as_of",
    "fetched_at": "read_at",
}


def _stored(field: str, value: Given) -> Any:
    """Return a value in the form in which the database holds it."""
    if not isinstance(value, str) or field == "currency":
        return value
    if field == "state":
        return RANK[value]
    if field == "balance":
        return _ZERO[value]
    return fold(value) if FIELDS[field].kind is Kind.TEXT else value.upper()


def _of_provider(codes: Iterable[Given], facts: Facts) -> list[int]:
    for code in codes:
        if code not in facts.providers:
            raise QueryError.one("provider", "unknown_value", f"is no provider we know: {code!r}")
    return facts.ids(lambda credential: credential.provider in codes)


def _of_credential(public_ids: Iterable[Given], facts: Facts) -> list[int]:
    known = {credential.public_id for credential in facts.credentials}
    for public_id in public_ids:
        if public_id not in known:
            message = f"is no credential here: {public_id!r}"
            raise QueryError.one("credential", "unknown_value", message)
    return facts.ids(lambda credential: credential.public_id in public_ids)


def _of_environment(codes: Iterable[Given], facts: Facts) -> list[int]:
    return facts.ids(lambda credential: credential.environment.lower() in codes)


_BY_CREDENTIAL: dict[str, Callable[[tuple[Given, ...], Facts], list[int]]] = {
    "provider": _of_provider,
    "credential": _of_credential,
    "environment": _of_environment,
}


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
    path = _PATHS[key.field]
    order = [OrderBy(F(path), descending=key.descending)]
    if FIELDS[key.field].kind is Kind.TEXT:
        return [OrderBy(Exact(F(path), Value(""))), *order]
    return (
        order if FIELDS[key.field].kind is Kind.CODE else [OrderBy(IsNull(F(path), True)), *order]
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
