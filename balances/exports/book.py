"""Dress a small workbook with openpyxl: heads, widths, number formats, print set-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from balances.exports.cells import instant_tails, text_tails
from balances.exports.package import MARK
from providers.money import PLACES

EXACT_SUFFIX = ", exact"
INSTANT_FORMAT = "yyyy-mm-dd hh:mm:ss"
HEAD_FONT = Font(bold=True)
HEAD_FILL = PatternFill("solid", fgColor="F3F1ED")
WRAPPED = Alignment(wrap_text=True, vertical="top")


@dataclass(frozen=True)
class Styles:
    """Index the formats of the probe row in the workbook's style table; `amounts` by decimals."""

    text: int
    quoted: int
    head: int
    wrapped: int
    instant: int
    amounts: tuple[int, ...]


class Tails:
    """Write the cells of one workbook after their places, each text and instant once."""

    def __init__(self, styles: Styles, zone: ZoneInfo) -> None:
        """Take the workbook's formats, and the zone of its wall times."""
        self.styles = styles
        self.text = text_tails(style=styles.text, quoted=styles.quoted)
        self.head = text_tails(style=styles.head, quoted=styles.head)
        self.wrapped = text_tails(style=styles.wrapped, quoted=styles.wrapped)
        self.instant = instant_tails(style=styles.instant, zone=zone)


def amount_format(decimals: int) -> str:
    """Return the number format of a currency with so many decimals, negatives red with a minus."""
    digits = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f"{digits};[Red]-{digits}"


def dress(sheet: Worksheet, title: str, heads: Sequence[tuple[str, int]]) -> None:
    """Set title, head row, widths, frozen head and print set-up, and mark where the rows belong."""
    sheet.title = title
    for number, (text, width) in enumerate(heads, start=1):
        cell = sheet.cell(1, number, text)
        cell.font, cell.fill = HEAD_FONT, HEAD_FILL
        cell.alignment = Alignment(vertical="center")
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    mark(sheet, row=2)


def mark(sheet: Worksheet, *, row: int) -> None:
    """Mark the row that the sheet's rows will replace."""
    cell = sheet.cell(row, 1)
    cell.value = MARK
    # An inline string keeps the mark in the sheet's own part.
    cell.data_type = "inlineStr"


def probe(sheet: Worksheet) -> Styles:
    """Write one cell per format into the marked row, and return where the formats are."""
    places = iter(range(2, 100))

    def made(number_format: str = "General", **looks: Any) -> int:
        cell = sheet.cell(2, next(places), 1)
        cell.number_format = number_format
        for name, look in looks.items():
            setattr(cell, name, look)
        return cell.style_id

    right = Alignment(horizontal="right")
    return Styles(
        text=sheet.cell(2, 1).style_id,
        quoted=made(quotePrefix=True),
        head=made(font=HEAD_FONT, alignment=Alignment(vertical="top")),
        wrapped=made(alignment=WRAPPED, quotePrefix=True),
        instant=made(INSTANT_FORMAT),
        amounts=tuple(made(amount_format(n), alignment=right) for n in range(PLACES + 1)),
    )
