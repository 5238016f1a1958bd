"""Measure a workbook of 100,000 rows and 12 columns against openpyxl's own write-only mode."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from balances.columns import BY_KEY, Column, ColumnKind
from balances.exports import csv, xlsx
from balances.exports.book import INSTANT_FORMAT, amount_format
from balances.results import Row
from benchmarks import compare, promise, seconds
from benchmarks._rows import rows
from providers.money import places, plain

ROWS = 100_000
ZONE = ZoneInfo("Africa/Cairo")
# Seven texts, three amounts, two instants.
KEYS = (
    "account_name provider holder account_ref network address currency available pending ledger"
    " as_of fetched_at"
)
COLUMNS = [BY_KEY[key] for key in KEYS.split()]
MEMORY = """
import sys
from benchmarks import exports, peak_memory
exports.stream(1)
idle = peak_memory()
exports.stream(int(sys.argv[1]))
print(peak_memory() - idle)
"""


def stream(number: int) -> None:
    """Make the workbook as the product does, and let every chunk go."""
    for _ in xlsx.write(COLUMNS, rows(number), [], [], count=lambda: number, zone=ZONE):
        pass


def first_byte() -> None:
    """Wait for the first chunk of the workbook."""
    next(xlsx.write(COLUMNS, rows(ROWS), [], [], count=lambda: ROWS, zone=ZONE))


def stream_csv(number: int) -> None:
    """Make the CSV as the product does."""
    for _ in csv.write(COLUMNS, rows(number), zone=ZONE):
        pass


def write_only(number: int, path: Path) -> None:
    """Make the same workbook with openpyxl alone, in its leanest mode."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Balances")
    sheet.freeze_panes = "A2"
    sheet.append([text for text, _ in xlsx._heads(COLUMNS, ZONE)])
    for row in rows(number):
        sheet.append([cell for column in COLUMNS for cell in _cells(sheet, column, row)])
    book.save(path)


def _cells(sheet: Any, column: Column, row: Row) -> Iterable[Any]:
    value = column.value(row)
    if column.kind is ColumnKind.AMOUNT:
        if value is None:
            return (None, None)
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = amount_format(max(row.decimals, places(value)))
        return (cell, plain(value, row.decimals))
    if column.kind is ColumnKind.INSTANT:
        cell = WriteOnlyCell(sheet, value.astimezone(ZONE).replace(tzinfo=None))
        cell.number_format = INSTANT_FORMAT
        return (cell,)
    return (value,)


def main() -> None:
    """Print the figures."""
    number = int(sys.argv[2]) if len(sys.argv) > 2 else ROWS
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "baseline.xlsx")
        ratios = compare(
            f"XLSX of {number:,} rows × {len(COLUMNS)} columns",
            {
                "openpyxl write-only": lambda: write_only(number, path),
                "our workbook": lambda: stream(number),
                "our CSV": lambda: stream_csv(number),
                "the rows alone": lambda: [None for _ in rows(number)],
            },
            rounds=3,
        )
    promise("our workbook against write-only", ratios["our workbook"], at_most=0.25)
    stream(1)
    promise("first byte", seconds(first_byte) * 1000, at_most=300, unit="ms")
    grown = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + MEMORY, str(number)],
        capture_output=True,
        text=True,
        check=True,
    )
    promise("growth of memory", float(grown.stdout), at_most=30, unit="MB")
