"""Write a query's rows as a workbook: Balances, Totals, About.

Amounts are numbers in a format wide enough for every digit; beside each stands a text column with the exact digits,
since Excel keeps only fifteen. Times are naive and in the tenant's zone, which the head names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from balances.columns import Column, ColumnKind
from balances.exports.book import EXACT_SUFFIX, Tails, dress, mark, probe
from balances.exports.cells import amount_cells, number_cell
from balances.exports.cover import Fact
from balances.exports.package import LAST_ROW, Filling, stream_workbook
from balances.exports.totals_sheet import total_elements, total_heads
from balances.results import Row, Total

ROWS_SHEET, TOTALS_SHEET, ABOUT_SHEET = "Balances", "Totals", "About"
ABOUT_WIDTHS = {"A": 26, "B": 90}
MOST_TOTALS = 10_000  # far more than there are currencies
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WriteCells = Callable[[Row, int], str]


def write(
    columns: Sequence[Column],
    rows: Iterable[Row],
    totals: Iterable[Total],
    about: Iterable[Fact],
    *,
    count: Callable[[], int],
    zone: ZoneInfo,
) -> Iterator[bytes]:
    """Yield the workbook's bytes; `count` says how many rows will come.

    The first bytes leave before anything is asked; then count, rows, totals and facts are, each once, in this order.
    """
    book = Workbook()
    balances, sheet, cover = book.worksheets[0], book.create_sheet(), book.create_sheet(ABOUT_SHEET)
    heads = _heads(columns, zone)
    last = get_column_letter(len(heads))
    dress(balances, ROWS_SHEET, heads)
    balances.auto_filter.ref = f"A1:{last}{LAST_ROW}"
    sums_heads = total_heads()
    dress(sheet, TOTALS_SHEET, sums_heads)
    for letter, width in ABOUT_WIDTHS.items():
        cover.column_dimensions[letter].width = width
    mark(cover, row=1)
    tails = Tails(probe(balances), zone)
    elements = _row_elements(_cell_writers(columns, tails), rows)
    sums = _digit_ranges(sums_heads, MOST_TOTALS)

    def fillings(number: int) -> dict[str, Filling]:
        reach, digits = f"A1:{last}{number + 1}", _digit_ranges(heads, number)
        return {
            ROWS_SHEET: Filling(elements, count=number, reach=reach, digits=digits),
            TOTALS_SHEET: Filling(total_elements(totals, tails), digits=sums),
            ABOUT_SHEET: Filling(_fact_elements(about, tails)),
        }

    return stream_workbook(book, count=count, fillings=fillings)


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


def _digit_ranges(heads: Sequence[tuple[str, int]], count: int) -> str:
    """Return the ranges of the twin columns, none without rows."""
    if not count:
        return ""
    twins = [n for n, (text, _) in enumerate(heads, start=1) if text.endswith(EXACT_SUFFIX)]
    return " ".join(f"{get_column_letter(n)}2:{get_column_letter(n)}{count + 1}" for n in twins)


def _fact_elements(about: Iterable[Fact], tails: Tails) -> Iterator[str]:
    """Yield the rows of the About sheet: names left, values right."""
    for number, (name, value) in enumerate(about, start=1):
        place = f"B{number}"
        if isinstance(value, str):
            cell = f'<c r="{place}"{tails.wrapped(value)}'
        elif isinstance(value, datetime):
            cell = f'<c r="{place}"{tails.instant(value)}'
        else:
            cell = number_cell(value, place=place, style=tails.styles.amounts[0])
        yield f'<row r="{number}"><c r="A{number}"{tails.head(name)}{cell}</row>'


def _row_elements(writers: Sequence[WriteCells], rows: Iterable[Row]) -> Iterator[str]:
    for number, row in enumerate(rows, start=2):
        cells = "".join([write_cells(row, number) for write_cells in writers])
        yield f'<row r="{number}">{cells}</row>'


def _cell_writers(columns: Sequence[Column], tails: Tails) -> list[WriteCells]:
    """Return a writer per column, which knows its letter, and the amounts' those of both."""
    writers: list[WriteCells] = []
    free = 1
    for column in columns:
        letters = (get_column_letter(free), get_column_letter(free + 1))
        writers.append(_WRITERS[column.kind](column, letters, tails))
        free += 2 if column.kind is ColumnKind.AMOUNT else 1
    return writers


def _text(column: Column, letters: tuple[str, str], tails: Tails) -> WriteCells:
    value, letter, tail = column.value, letters[0], tails.text

    def write_cells(row: Row, number: int) -> str:
        text = value(row)
        return f'<c r="{letter}{number}"{tail(text)}' if text else ""

    return write_cells


def _amount(column: Column, letters: tuple[str, str], tails: Tails) -> WriteCells:
    value, (letter, twin), styles = column.value, letters, tails.styles

    def write_cells(row: Row, number: int) -> str:
        amount = value(row)
        if amount is None:
            return ""
        return amount_cells(
            amount,
            row.decimals,
            place=f"{letter}{number}",
            twin=f"{twin}{number}",
            formats=styles.amounts,
            text=styles.text,
        )

    return write_cells


def _instant(column: Column, letters: tuple[str, str], tails: Tails) -> WriteCells:
    value, letter, tail = column.value, letters[0], tails.instant

    def write_cells(row: Row, number: int) -> str:
        instant = value(row)
        return "" if instant is None else f'<c r="{letter}{number}"{tail(instant)}'

    return write_cells


def _bool(column: Column, letters: tuple[str, str], tails: Tails) -> WriteCells:
    value, letter, style = column.value, letters[0], tails.styles.text

    def write_cells(row: Row, number: int) -> str:
        return f'<c r="{letter}{number}" s="{style}" t="b"><v>{int(value(row))}</v></c>'

    return write_cells


_WRITERS = {
    ColumnKind.TEXT: _text,
    ColumnKind.AMOUNT: _amount,
    ColumnKind.INSTANT: _instant,
    ColumnKind.BOOL: _bool,
}
