"""Answer queries over plain Python values: the oracle for what SQL answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import cmp_to_key
from typing import Any

from balances.fields import fold
from balances.models import Balance
from balances.query.tree import BalanceQuery, Condition, Group, Logic, Sort

WIDE = Context(prec=100)
TEXTS = {"account", "owner", "owner_ref", "reference", "network", "address"}


@dataclass(frozen=True)
class Record:
    """Hold what one balance answers to each field's name; None where it has no value."""

    key: int
    public_id: str
    account_key: int
    values: dict[str, Any]
    search: str


def record(balance: Balance, *, now: datetime) -> Record:
    """Read a balance through its models, without SQL of ours."""
    account, scope = balance.account, balance.scope
    credential = scope.credential
    values = {
        "currency": balance.currency,
        "provider": credential.provider,
        "credential": credential.public_id,
        "credential_name": (fold(credential.name), credential.pk),
        "holder": balance.holder.lower(),
        "account": fold(account.display_name or account.name or account.external_ref) or None,
        "account_kind": account.kind.lower(),
        "owner": fold(account.owner_name or account.owner_ref) or None,
        "owner_ref": fold(account.owner_ref) or None,
        "address": fold(account.address) or None,
        "reference": fold(account.external_ref) or None,
        "network": fold(account.network) or None,
        "environment": credential.environment.lower(),
        "counting": balance.counting.lower(),
        "state": state(balance, now=now),
        "balance": "zero" if _is_zero(balance) else "not_zero",
        "available": balance.available,
        "pending": balance.pending,
        "ledger": balance.ledger,
        "as_of": balance.as_of or scope.as_of,
        "as_of_source": (balance.as_of_source if balance.as_of else scope.as_of_source).lower(),
        "fetched_at": balance.fetched_at or scope.read_at,
        "missing_since": balance.missing_since,
        "verified": balance.verified,
        "age": _minutes(balance.fetched_at or scope.read_at, now),
        "id": balance.public_id,
    }
    texts = (
        *(account.display_name, account.name, account.owner_name, account.owner_ref),
        *(account.external_ref, account.address, account.network),
        *(balance.currency, credential.provider, credential.name),
    )
    return Record(
        key=balance.pk,
        public_id=balance.public_id,
        account_key=balance.account_id,
        values=values,
        search="\n".join(map(fold, texts)),
    )


def _is_zero(balance: Balance) -> bool:
    """Tell whether all that is reported is zero, the available amount among it."""
    figures = (balance.available, balance.pending, balance.ledger)
    return balance.available is not None and not any(figures)


def _minutes(instant: datetime | None, now: datetime) -> Decimal | None:
    """Return an age in minutes, to the microsecond."""
    if instant is None:
        return None
    return WIDE.divide(Decimal((now - instant) // timedelta(microseconds=1)), Decimal(60_000_000))


def state(balance: Balance, *, now: datetime) -> str:
    """Judge a balance by the rules in their order."""
    scope = balance.scope
    credential = scope.credential
    if balance.account.closed_at or scope.closed_at or credential.retired_at:
        return "closed"
    if scope.read_at is None:
        return "never"
    if balance.missing_since:
        return "missing"
    if scope.held_at:
        return "held"
    if credential.paused_at:
        return "paused"
    if scope.error_code or credential.error_code:
        return "not_synced"
    return "stale" if scope.read_at < now - timedelta(seconds=credential.stale_after) else "fresh"


def answer(query: BalanceQuery, records: Iterable[Record]) -> list[Record]:
    """Return the records of the query in its order."""
    found = [each for each in records if _matches(query, each)]
    given = {key.field: key for key in query.sort}
    keys = [given.pop(name, Sort(name)) for name in query.group_by]
    compared: list[Callable[[Record, Record], int]] = [_by(key) for key in keys]
    if "account" in query.group_by:
        compared.append(lambda one, other: _compare(one.account_key, other.account_key))
    compared += [_by(key) for key in given.values()]
    compared.append(lambda one, other: _compare(one.key, other.key))

    def order(one: Record, other: Record) -> int:
        return next((result for each in compared if (result := each(one, other))), 0)

    return sorted(found, key=cmp_to_key(order))


def add_up(records: Iterable[Record]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return per currency, holder and counting what a total says."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for each in records:
        values = each.values
        key = (values["currency"], values["holder"], values["counting"])
        total = found.setdefault(key, {"rows": 0, "not_fresh": 0, "oldest": []})
        total["rows"] += 1
        total["not_fresh"] += values["state"] != "fresh"
        total["oldest"] += [values["as_of"]] if values["as_of"] else []
        for name in ("available", "pending", "ledger"):
            total.setdefault(name, []).append(values[name])
    return found


def exact_sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """Add up without rounding; None when there is nothing."""
    known = [value for value in values if value is not None]
    total = Decimal(0)
    for value in known:
        total = WIDE.add(total, value)
    return total if known else None


def _matches(query: BalanceQuery, each: Record) -> bool:
    if not query.names_state and each.values["state"] == "closed":
        return False
    terms = query.q.split()
    return all(fold(term) in each.search for term in terms) and _holds(query.where, each)


def _holds(part: Group | Condition, each: Record) -> bool:
    if isinstance(part, Condition):
        return _true(part, each.values[part.field])
    join = any if part.logic is Logic.OR and part.filters else all
    return join(_holds(inner, each) for inner in part.filters)


def _true(condition: Condition, value: Any) -> bool:
    name = condition.operator
    if name.startswith("not_"):
        return not _true(replace(condition, operator=name.removeprefix("not_")), value)
    if name in ("is_null", "is_not_null"):
        return (value is None) == (name == "is_null")
    wanted: list[Any] = list(condition.values)
    if condition.field in TEXTS:
        wanted = [fold(text) for text in wanted]
        value = value or ""
    if value is None:
        return False
    first, last = wanted[0], wanted[-1]
    comparisons: dict[str, Callable[[], bool]] = {
        "eq": lambda: value == first,
        "in": lambda: value in wanted,
        "gt": lambda: value > first,
        "gte": lambda: value >= first,
        "lt": lambda: value < first,
        "lte": lambda: value <= first,
        "between": lambda: first <= value <= last,
        "contains": lambda: first in value,
        "starts_with": lambda: value.startswith(first),
        "ends_with": lambda: value.endswith(first),
    }
    return comparisons[name]()


def _by(key: Sort) -> Callable[[Record, Record], int]:
    def compare(one: Record, other: Record) -> int:
        a, b = _sorted_by(key.field, one), _sorted_by(key.field, other)
        if a is None or b is None:
            return _compare(a is None, b is None)
        return -_compare(a, b) if key.descending else _compare(a, b)

    return compare


def _sorted_by(field: str, each: Record) -> Any:
    if field == "state":
        return STATES.index(each.values["state"])
    if field == "holder":
        return ("own", "customers").index(each.values["holder"])
    return each.values["credential_name" if field == "credential" else field]


def _compare(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


STATES = ["fresh", "stale", "not_synced", "held", "missing", "paused", "closed", "never"]
