"""Turn conditions into filters over prepared balances, from fixed tables of paths and comparisons."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q

from balances.fields import fold
from balances.query.catalogue import FIELDS, OPERATORS, STATES, Kind
from balances.query.facts import Facts
from balances.query.faults import QueryError
from balances.query.tree import Condition, Value
from providers.phrases import phrase as _

RANK = {state: rank for rank, state in enumerate(STATES)}
PATHS = {
    "id": "public_id",
    "currency": "currency",
    "holder": "holder",
    "counting": "counting",
    "account": "account__label_folded",
    "account_kind": "account__kind",
    "owner": "account__owner_folded",
    "owner_ref": "account__owner_ref_folded",
    "reference": "account__ref_folded",
    "network": "account__network_folded",
    "address": "account__address_folded",
    "state": "state_rank",
    "balance": "is_zero",
    "verified": "verified",
    "available": "available",
    "pending": "pending",
    "ledger": "ledger",
    "as_of": "true_as_of",
    "as_of_source": "true_source",
    "fetched_at": "read_at",
    "missing_since": "missing_since",
    "age": "read_at",
}


def compile_condition(condition: Condition, *, facts: Facts) -> Q:
    """Return one condition's filter; a negation is the exact complement, rows without a value included.

    Raises: QueryError, for a provider or credential that does not exist.
    """
    operator = OPERATORS[condition.operator]
    holds = _holds(condition, operator.negates or operator.name, facts)
    if not operator.negates:
        return holds
    return ~holds | _absent(condition.field) if _has_nulls(condition, operator.negates) else ~holds


def _holds(condition: Condition, operator: str, facts: Facts) -> Q:
    field = FIELDS[condition.field]
    if operator == "is_null":
        return _absent(field.name)
    if field.name in _BY_CREDENTIAL:
        keys = _BY_CREDENTIAL[field.name](condition.values, facts)
        return Q(scope__credential_id__in=keys)
    if field.kind is Kind.MINUTES:
        return _aged(condition, operator, facts)
    values = [_stored(field.name, value) for value in condition.values]
    return _COMPARISONS[operator](PATHS[field.name], values)


def _has_nulls(condition: Condition, operator: str) -> bool:
    """Tell whether SQL would answer neither true nor false for rows without a value."""
    return operator != "is_null" and FIELDS[condition.field].kind in (
        Kind.AMOUNT,
        Kind.INSTANT,
        Kind.MINUTES,
    )


def _absent(field: str) -> Q:
    path = PATHS[field]
    return Q((path, "")) if FIELDS[field].kind is Kind.TEXT else Q((f"{path}__isnull", True))


# Operator of the catalogue → condition over one path and its values; negated twins need no line.
_COMPARISONS: dict[str, Callable[[str, list[Any]], Q]] = {
    "eq": lambda path, values: Q((path, values[0])),
    "in": lambda path, values: Q((f"{path}__in", values)),
    "gt": lambda path, values: Q((f"{path}__gt", values[0])),
    "gte": lambda path, values: Q((f"{path}__gte", values[0])),
    "lt": lambda path, values: Q((f"{path}__lt", values[0])),
    "lte": lambda path, values: Q((f"{path}__lte", values[0])),
    "between": lambda path, values: Q((f"{path}__range", tuple(values))),
    "contains": lambda path, values: Q((f"{path}__contains", values[0])),
    "starts_with": lambda path, values: Q((f"{path}__startswith", values[0])),
    "ends_with": lambda path, values: Q((f"{path}__endswith", values[0])),
}
# The older a reading, the earlier it was.
_REVERSED = {"gt": "lt", "gte": "lte", "lt": "gt", "lte": "gte", "between": "between"}


def _aged(condition: Condition, operator: str, facts: Facts) -> Q:
    instants = [facts.now - timedelta(minutes=int(str(value))) for value in condition.values]
    return _COMPARISONS[_REVERSED[operator]](PATHS["age"], instants[::-1])


def _stored(field: str, value: Value) -> Any:
    """Return a value in the form in which the database holds it."""
    if not isinstance(value, str) or FIELDS[field].kind is Kind.TOKEN:
        return value
    if field == "state":
        return RANK[value]
    if field == "balance":
        return int(value == "zero")
    return fold(value) if FIELDS[field].kind is Kind.TEXT else value.upper()


def _of_provider(codes: Iterable[Value], facts: Facts) -> list[int]:
    for code in codes:
        if code not in facts.providers:
            raise QueryError.one(
                "provider", "unknown_value", _("is no provider we know: %(code)r", code=code)
            )
    return facts.ids(lambda credential: credential.provider in codes)


def _of_credential(public_ids: Iterable[Value], facts: Facts) -> list[int]:
    known = {credential.public_id for credential in facts.credentials}
    for public_id in public_ids:
        if public_id not in known:
            message = _("is no credential here: %(id)r", id=public_id)
            raise QueryError.one("credential", "unknown_value", message)
    return facts.ids(lambda credential: credential.public_id in public_ids)


def _of_environment(codes: Iterable[Value], facts: Facts) -> list[int]:
    return facts.ids(lambda credential: credential.environment.lower() in codes)


_BY_CREDENTIAL: dict[str, Callable[[tuple[Value, ...], Facts], list[int]]] = {
    "provider": _of_provider,
    "credential": _of_credential,
    "environment": _of_environment,
}
