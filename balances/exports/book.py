"""Dress a small workbook with openpyxl: heads, widths, formats, the About sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from balances.exports.cells import clean_text
from balances.exports.package import MARK
from providers.money import PLACES, places

EXACT_SUFFIX = ", exact"
INSTANT_FORMAT = "yyyy-mm-dd hh:mm:ss"
HEAD_FONT = Font(bold=True)
HEAD_FILL = PatternFill("solid", fgColor="F3F1ED")


@dataclass(frozen=True)
class Styles:
    """Index the formats of the probe row in the workbook's style table."""

    text: int
    quoted: int
    instant: int
    amounts: tuple[int, ...]

    def amount(self, amount: Decimal | None, decimals: int) -> int:
        """Return the format that shows the currency's decimals and every further digit."""
        return self.amounts[max(decimals, 0 if amount is None else places(amount))]


def amount_format(decimals: int) -> str:
    """Return the number format of a currency with so many decimals, negatives red with a minus."""
    digits = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f"{digits};[Red]-{digits}"


def dress(sheet: Worksheet, title: str, heads: Sequence[tuple[str, int]], *, count: int) -> None:
    """Set title, head row, widths, frozen head, filter and print set-up."""
    sheet.title = title
    for number, (text, width) in enumerate(heads, start=1):
        cell = sheet.cell(1, number, text)
        cell.font, cell.fill = HEAD_FONT, HEAD_FILL
        cell.alignment = Alignment(vertical="center")
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{count + 1}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def mark(sheet: Worksheet) -> None:
    """Mark the row that the sheet's rows will replace."""
    sheet.cell(2, 1).value = MARK
    # An inline string keeps the mark in the sheet's own part.
    sheet.cell(2, 1).data_type = "inlineStr"


def probe(sheet: Worksheet) -> Styles:
    """Write the marked row, one cell per format, and return where the formats are."""
    mark(sheet)
    quoted = sheet.cell(2, 2, "x")
    quoted.quotePrefix = True
    instant = sheet.cell(2, 3, 1)
    instant.number_format = INSTANT_FORMAT
    amounts = []
    for decimals in range(PLACES + 1):
        cell = sheet.cell(2, 4 + decimals, 1)
        cell.number_format = amount_format(decimals)
        cell.alignment = Alignment(horizontal="right")
        amounts.append(cell)
    return Styles(
        text=sheet.cell(2, 1).style_id,
        quoted=quoted.style_id,
        instant=instant.style_id,
        amounts=tuple(cell.style_id for cell in amounts),
    )


def write_about(sheet: Worksheet, about: Sequence[tuple[str, Any]]) -> None:
    """Write what the file is: names left, values right, text that cannot become a formula."""
    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 90
    for number, (name, value) in enumerate(about, start=1):
        sheet.cell(number, 1, name).font = HEAD_FONT
        cell = sheet.cell(number, 2)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if isinstance(value, str):
            cell.value = clean_text(value)
            cell.data_type = "s"
            cell.quotePrefix = True
        else:
            cell.value = value
        if isinstance(value, datetime):
            cell.number_format = INSTANT_FORMAT


def local(value: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return the wall time in the zone, without a zone, as a worksheet holds it."""
    return None if value is None else value.astimezone(zone).replace(tzinfo=None)
