"""Read consistently and not for long: one view of the data for several statements, each bounded.

SQLite's `atomic()` would take the write lock, and PostgreSQL's would not hold one view, so the transaction is
begun on the driver's own connection. It only reads, and always ends in ROLLBACK.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled
from psycopg.pq import TransactionStatus

from balances.query.faults import QueryError

# Seconds that one statement may take.
TIME_LIMIT = 5.0
_BEGIN = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
_STEPS = (
    20_000  # virtual machine steps of SQLite between two looks at the clock: about a millisecond
)


@contextmanager
def snapshot(*, seconds: float | None = None) -> Iterator[None]:
    """Let everything inside see one state of the data; inside a transaction it adds nothing.

    Time: a statement over the limit (`TIME_LIMIT`) is stopped. Raises: QueryError `too_heavy`.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    if connection.in_atomic_block or _is_inside(raw):
        yield
        return
    raw.execute(_BEGIN[connection.vendor])
    try:
        with _bounded(raw, seconds or TIME_LIMIT):
            yield
    except OperationalError as error:
        if _is_stopped(error):
            raise QueryError.one("address", "too_heavy", "is too heavy, narrow it") from error
        raise
    finally:
        if connection.connection is raw:
            raw.execute("ROLLBACK")


@contextmanager
def savepoint() -> Iterator[None]:
    """Let a statement that fails inside end no more than this block.

    PostgreSQL would refuse every later statement of a snapshot otherwise.
    """
    raw: Any = connection.connection
    if connection.vendor != "postgresql" or raw is None or not _is_inside(raw):
        yield
        return
    raw.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        raw.execute("ROLLBACK TO SAVEPOINT part")
        raise
    raw.execute("RELEASE SAVEPOINT part")


def lift_limit() -> None:
    """Let the statements that follow take their time, as a file's stream does on SQLite.

    PostgreSQL bounds each fetch of a stream by itself.
    """
    if connection.vendor == "sqlite" and connection.connection is not None:
        connection.connection.set_progress_handler(None, 0)


def _is_inside(raw: Any) -> bool:
    if connection.vendor == "sqlite":
        return bool(raw.in_transaction)
    return bool(raw.info.transaction_status != TransactionStatus.IDLE)


@contextmanager
def _bounded(raw: Any, seconds: float) -> Iterator[None]:
    if connection.vendor == "postgresql":
        raw.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        yield
        return
    deadline = time.monotonic() + seconds

    def restart(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal deadline
        deadline = time.monotonic() + seconds
        return execute(sql, params, many, context)

    raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        with connection.execute_wrapper(restart):
            yield
    finally:
        raw.set_progress_handler(None, 0)


def _is_stopped(error: OperationalError) -> bool:
    return isinstance(error.__cause__, QueryCanceled) or str(error) == "interrupted"
