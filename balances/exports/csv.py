"""Write a query's rows as CSV: exact plain decimals, text that no spreadsheet takes for a formula.

Text is quoted, so that a spreadsheet which splits at semicolons keeps it whole; numbers and instants are not. Instants
are ISO 8601 with the zone's offset, Z for UTC. Empty is "not reported", never zero.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from balances.columns import Column, ColumnKind
from balances.results import Row
from providers.money import plain
from providers.tenancy.spreadsheets import csv_text

CONTENT_TYPE = "text/csv; charset=utf-8"
BOM = "\ufeff"
CHUNK = 64 * 1024
END = "\r\n"


def write(columns: Sequence[Column], rows: Iterable[Row], *, zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the file's bytes: UTF-8 with BOM, by which Excel knows it."""
    parts, size = [BOM], 0
    for line in lines(columns, rows, zone=zone):
        parts.append(line)
        size += len(line)
        if size >= CHUNK:
            yield "".join(parts).encode()
            parts, size = [], 0
    yield "".join(parts).encode()


def lines(columns: Sequence[Column], rows: Iterable[Row], *, zone: ZoneInfo) -> Iterator[str]:
    """Yield a head line of column keys, then a line per row, each with its end."""
    yield ",".join(column.key for column in columns) + END
    writers = [_WRITERS[column.kind](column, zone) for column in columns]
    for row in rows:
        yield ",".join([write_field(row) for write_field in writers]) + END


def _text(column: Column, zone: ZoneInfo) -> Callable[[Row], str]:
    value = column.value
    return lambda row: csv_text(value(row))


def _amount(column: Column, zone: ZoneInfo) -> Callable[[Row], str]:
    value = column.value

    def write_field(row: Row) -> str:
        amount = value(row)
        return "" if amount is None else plain(amount, row.decimals)

    return write_field


def _instant(column: Column, zone: ZoneInfo) -> Callable[[Row], str]:
    value = column.value
    is_utc = zone.key == "UTC"

    def write_field(row: Row) -> str:
        instant: datetime | None = value(row)
        if instant is None:
            return ""
        text = instant.astimezone(zone).isoformat()
        return text.replace("+00:00", "Z") if is_utc else text

    return write_field


def _bool(column: Column, zone: ZoneInfo) -> Callable[[Row], str]:
    value = column.value
    return lambda row: "true" if value(row) else "false"


_WRITERS: dict[ColumnKind, Callable[[Column, ZoneInfo], Callable[[Row], Any]]] = {
    ColumnKind.TEXT: _text,
    ColumnKind.AMOUNT: _amount,
    ColumnKind.INSTANT: _instant,
    ColumnKind.BOOL: _bool,
}
