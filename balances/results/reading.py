"""Read rows as the database gives them, past the ORM's cost per value.

Django turns each value of each row through a chain of converters, which takes longer than all else about a row: of
100,000 rows on SQLite it took three quarters of the time. Here a column's kind decides once.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from psycopg.types.datetime import TimestamptzLoader

from balances.fields import EXACT
from providers.money import PLACES, WHOLE_DIGITS

Values = tuple[Any, ...]
_OFFSET = 10 ** (WHOLE_DIGITS + PLACES)
_POINT = WHOLE_DIGITS + 1


@dataclass(frozen=True)
class Kinds:
    """Turn what the driver gives into values, by kind; each takes None too."""

    amount: Callable[[Any], Decimal | None]
    instant: Callable[[Any], datetime | None]
    texts: Callable[[Any], tuple[str, ...]]


def kinds() -> Kinds:
    """Return the conversions of the database at hand."""
    return _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL


def tuples(values: QuerySet[Any], *, size: int, is_streamed: bool) -> Generator[Values, None, None]:
    """Yield the columns of a `values_list`; a stream leaves them on the server but for `size` rows at a time."""
    try:
        sql, params = values.query.sql_with_params()
    except EmptyResultSet:
        return
    with connection.chunked_cursor() if is_streamed else connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django's own loader goes through Python for every instant.
            cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(size):
            yield from rows


def _amount_of_text(stored: str | None) -> Decimal | None:
    """Read an amount as `AmountField` stores it on SQLite: raised by an offset, so that positive ones begin with 1."""
    if stored is None:
        return None
    if stored[0] == "1":
        return Decimal(f"{stored[1:_POINT]}.{stored[_POINT:]}")
    return EXACT.scaleb(Decimal(int(stored) - _OFFSET), -PLACES)


def _instant_of_naive(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def _texts_of_json(stored: str | None) -> tuple[str, ...]:
    return tuple(json.loads(stored)) if stored else ()


def _same(value: Any) -> Any:
    return value


_SQLITE = Kinds(_amount_of_text, _instant_of_naive, _texts_of_json)
_POSTGRESQL = Kinds(_same, _same, _texts_of_json)
