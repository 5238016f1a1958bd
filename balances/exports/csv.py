"""Write a query's rows as CSV: UTF-8 with BOM, exact plain decimals, text no spreadsheet takes for a formula.

Instants are ISO 8601 in the tenant's zone with their offset. Empty is "not reported", never zero.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from balances.columns import Column
from balances.results import Row
from providers.money import plain

CONTENT_TYPE = "text/csv; charset=utf-8"
BOM = "\ufeff"
CHUNK = 64 * 1024
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def write(columns: Sequence[Column], rows: Iterable[Row], *, zone: ZoneInfo) -> Iterator[bytes]:
    """Yield the file's bytes, a head row of column keys first."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow([column.key for column in columns])
    for row in rows:
        writer.writerow([field(column.value(row), row.decimals, zone) for column in columns])
        if buffer.tell() >= CHUNK:
            yield _taken(buffer)
    yield _taken(buffer)


def field(value: Any, decimals: int, zone: ZoneInfo) -> str:
    """Write one value; only text is guarded, a negative number stays a number."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value, decimals)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe_text(value)


def safe_text(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would compute; NUL and surrogates become U+FFFD."""
    guarded = f"'{text}" if text.startswith(FORMULA_STARTS) else text
    clean = guarded.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return clean.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _taken(buffer: StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data
