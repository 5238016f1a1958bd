"""Write a query's rows as a workbook: Balances, Totals, About.

Amounts are numbers in a format wide enough for every digit; beside each stands a text column with the exact digits,
since Excel keeps only fifteen. Times are naive and in the tenant's zone, which the head names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from balances.columns import Column, ColumnKind
from balances.exports.book import EXACT_SUFFIX, Styles, dress, local, mark, probe, write_about
from balances.exports.cells import amount_cell, boolean_cell, instant_cell, text_cell
from balances.exports.package import stream_workbook
from balances.exports.totals_sheet import HEADS, total_elements
from balances.results import Row, Total
from providers.money import plain

ROWS_SHEET, TOTALS_SHEET, ABOUT_SHEET = "Balances", "Totals", "About"
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write(
    columns: Sequence[Column],
    rows: Iterable[Row],
    totals: Sequence[Total],
    about: Sequence[tuple[str, Any]],
    *,
    count: int,
    zone: ZoneInfo,
) -> Iterator[bytes]:
    """Yield the workbook's bytes; `count` is how many rows will come.

    The first bytes leave before the first row is read.
    """
    book = Workbook()
    balances = book.worksheets[0]
    dress(balances, ROWS_SHEET, _heads(columns, zone), count=count)
    sheet = book.create_sheet()
    dress(sheet, TOTALS_SHEET, HEADS, count=len(totals))
    write_about(book.create_sheet(ABOUT_SHEET), about)
    styles = probe(balances)
    mark(sheet)
    return stream_workbook(
        book,
        rows={
            ROWS_SHEET: _row_elements(columns, rows, styles, zone),
            TOTALS_SHEET: total_elements(totals, styles, zone),
        },
    )


def _heads(columns: Sequence[Column], zone: ZoneInfo) -> list[tuple[str, int]]:
    """Name the cells of a row, with widths; an amount has its twin beside it."""
    heads: list[tuple[str, int]] = []
    for column in columns:
        named = (
            f"{column.header} ({zone.key})" if column.kind is ColumnKind.INSTANT else column.header
        )
        heads.append((named, max(column.width, len(named) + 2)))
        if column.kind is ColumnKind.AMOUNT:
            heads.append((column.header + EXACT_SUFFIX, column.width + 4))
    return heads


def _row_elements(
    columns: Sequence[Column], rows: Iterable[Row], styles: Styles, zone: ZoneInfo
) -> Iterator[str]:
    writers = _cell_writers(columns, styles, zone)
    for number, row in enumerate(rows, start=2):
        cells = "".join([write_cell(row, number) for write_cell in writers])
        yield f'<row r="{number}">{cells}</row>'


def _cell_writers(
    columns: Sequence[Column], styles: Styles, zone: ZoneInfo
) -> list[Callable[[Row, int], str]]:
    writers: list[Callable[[Row, int], str]] = []
    for column in columns:
        letter = get_column_letter(len(writers) + 1)
        writers.append(_WRITERS[column.kind](column, letter, styles, zone))
        if column.kind is ColumnKind.AMOUNT:
            twin = get_column_letter(len(writers) + 1)
            writers.append(_exact(column, twin, styles))
    return writers


def _text(column: Column, letter: str, styles: Styles, zone: ZoneInfo) -> Callable[[Row, int], str]:
    value, style, quoted = column.value, styles.text, styles.quoted

    def write_cell(row: Row, number: int) -> str:
        return text_cell(value(row), place=f"{letter}{number}", style=style, quoted=quoted)

    return write_cell


def _amount(
    column: Column, letter: str, styles: Styles, zone: ZoneInfo
) -> Callable[[Row, int], str]:
    value = column.value

    def write_cell(row: Row, number: int) -> str:
        amount = value(row)
        style = styles.amount(amount, row.decimals)
        return amount_cell(amount, place=f"{letter}{number}", style=style)

    return write_cell


def _exact(column: Column, letter: str, styles: Styles) -> Callable[[Row, int], str]:
    """Write the twin: the amount's digits as text, which SUM leaves out and nothing rounds."""
    value, style = column.value, styles.text

    def write_cell(row: Row, number: int) -> str:
        amount = value(row)
        text = "" if amount is None else plain(amount, row.decimals)
        # A plain number is no formula: its minus needs no quoting.
        return text_cell(text, place=f"{letter}{number}", style=style, quoted=style)

    return write_cell


def _instant(
    column: Column, letter: str, styles: Styles, zone: ZoneInfo
) -> Callable[[Row, int], str]:
    value, style = column.value, styles.instant

    def write_cell(row: Row, number: int) -> str:
        return instant_cell(local(value(row), zone), place=f"{letter}{number}", style=style)

    return write_cell


def _bool(column: Column, letter: str, styles: Styles, zone: ZoneInfo) -> Callable[[Row, int], str]:
    value, style = column.value, styles.text

    def write_cell(row: Row, number: int) -> str:
        return boolean_cell(value(row), place=f"{letter}{number}", style=style)

    return write_cell


_WRITERS = {
    ColumnKind.TEXT: _text,
    ColumnKind.AMOUNT: _amount,
    ColumnKind.INSTANT: _instant,
    ColumnKind.BOOL: _bool,
}
