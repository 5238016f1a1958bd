"""Write the Totals sheet: one row per currency, holder and counting, never across them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from openpyxl.utils import get_column_letter

from balances.exports.book import EXACT_SUFFIX, Styles, local
from balances.exports.cells import amount_cell, instant_cell, text_cell
from balances.results import AmountTotal, Total
from providers.currencies import exponent
from providers.money import plain

FIGURES = ("available", "pending", "ledger")
HEADS = [
    ("Currency", 10),
    ("Holder", 12),
    ("Counting", 12),
    ("Balances", 10),
    ("Not up to date", 15),
    *[
        (f"{figure.title()}{part}", 24)
        for figure in FIGURES
        for part in ("", EXACT_SUFFIX, ", reported by", ", negatives", ", negative balances")
    ],
    ("Oldest as of", 20),
]


def total_elements(totals: Sequence[Total], styles: Styles, zone: ZoneInfo) -> Iterator[str]:
    """Yield the sheet's rows below its head; instants in `zone`."""
    for number, total in enumerate(totals, start=2):
        decimals = exponent(total.currency)
        line = _Line(number, styles)
        line.texts(total.currency, total.holder.lower(), total.counting.lower())
        line.counts(total.rows, total.not_fresh)
        for name in FIGURES:
            line.figure(getattr(total, name), decimals)
        line.instant(local(total.oldest_as_of, zone))
        yield line.element()


class _Line:
    """Collect the cells of one row of the Totals sheet from left to right."""

    def __init__(self, number: int, styles: Styles) -> None:
        self.number = number
        self.styles = styles
        self.cells: list[str] = []

    def place(self) -> str:
        """Name the next free cell."""
        return f"{get_column_letter(len(self.cells) + 1)}{self.number}"

    def texts(self, *texts: str) -> None:
        """Add text cells."""
        text, quoted = self.styles.text, self.styles.quoted
        for value in texts:
            self.cells.append(text_cell(value, place=self.place(), style=text, quoted=quoted))

    def counts(self, *counts: int) -> None:
        """Add whole numbers."""
        for count in counts:
            style = self.styles.amounts[0]
            self.cells.append(amount_cell(Decimal(count), place=self.place(), style=style))

    def figure(self, figure: AmountTotal, decimals: int) -> None:
        """Add a sum, its exact twin, how many report it, and what is negative in it."""
        self.amount(figure.sum, decimals)
        self.exact(figure.sum, decimals)
        self.counts(figure.reported)
        self.amount(figure.negative_sum if figure.negative_count else None, decimals)
        self.counts(figure.negative_count)

    def amount(self, amount: Decimal | None, decimals: int) -> None:
        """Add an amount; one that nothing reports stays empty."""
        style = self.styles.amount(amount, decimals)
        self.cells.append(amount_cell(amount, place=self.place(), style=style))

    def exact(self, amount: Decimal | None, decimals: int) -> None:
        """Add an amount's digits as text."""
        text = "" if amount is None else plain(amount, decimals)
        style = self.styles.text
        self.cells.append(text_cell(text, place=self.place(), style=style, quoted=style))

    def instant(self, value: datetime | None) -> None:
        """Add a wall time."""
        self.cells.append(instant_cell(value, place=self.place(), style=self.styles.instant))

    def element(self) -> str:
        """Return the row."""
        return f'<row r="{self.number}">{"".join(self.cells)}</row>'
