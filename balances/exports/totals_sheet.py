"""Write the Totals sheet: one row per currency, holder and counting, never across them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from openpyxl.utils import get_column_letter

from balances.exports.book import EXACT_SUFFIX, Tails
from balances.exports.cells import amount_cells, number_cell
from balances.results import AmountTotal, Total
from balances.states import STATES
from providers.currencies import exponent
from providers.money import places

FIGURES = ("available", "pending", "ledger")


def total_heads() -> list[tuple[str, int]]:
    """Name the sheet's columns, with widths; each state has one, by its own word."""
    return [
        ("Currency", 10),
        ("Holder", 12),
        ("Counting", 12),
        ("Balances", 10),
        *[(str(words.label), 12) for words in STATES.values()],
        *[
            (f"{figure.title()}{part}", 24)
            for figure in FIGURES
            for part in ("", EXACT_SUFFIX, ", reported by", ", negatives", ", negative balances")
        ],
        ("Oldest as of", 20),
        ("Oldest confirmed", 20),
    ]


def total_elements(totals: Iterable[Total], tails: Tails) -> Iterator[str]:
    """Yield the sheet's rows below its head."""
    for number, total in enumerate(totals, start=2):
        line = _Line(number, tails)
        for text in (total.currency, total.holder.lower(), total.counting.lower()):
            line.tail(tails.text(text))
        line.count(total.rows)
        for state in STATES:
            line.count(total.reads[state].rows if state in total.reads else 0)
        for name in FIGURES:
            line.figure(getattr(total, name), exponent(total.currency))
        line.instant(total.oldest_as_of)
        line.instant(total.oldest_read)
        yield f'<row r="{number}">{"".join(line.cells)}</row>'


class _Line:
    """Collect the cells of one row of the Totals sheet from left to right."""

    def __init__(self, number: int, tails: Tails) -> None:
        self.number = number
        self.tails = tails
        self.cells: list[str] = []
        self.column = 0

    def place(self) -> str:
        """Name the next cell, and go past it."""
        self.column += 1
        return f"{get_column_letter(self.column)}{self.number}"

    def tail(self, tail: str) -> None:
        """Add a cell by what follows its place."""
        self.cells.append(f'<c r="{self.place()}"{tail}')

    def count(self, count: int) -> None:
        """Add a whole number."""
        style = self.tails.styles.amounts[0]
        self.cells.append(number_cell(count, place=self.place(), style=style))

    def figure(self, figure: AmountTotal, decimals: int) -> None:
        """Add a sum with its exact twin, how many report it, and what is negative in it."""
        place, twin = self.place(), self.place()
        styles = self.tails.styles
        if figure.sum is not None:  # what nothing reports stays empty
            self.cells.append(
                amount_cells(
                    figure.sum,
                    decimals,
                    place=place,
                    twin=twin,
                    formats=styles.amounts,
                    text=styles.text,
                )
            )
        self.count(figure.reported)
        self.negative(figure.negative_sum, decimals)
        self.count(figure.negative_count)

    def negative(self, amount: Decimal, decimals: int) -> None:
        """Add what lies below zero, a part of the sum; nothing when there is none."""
        place = self.place()
        if amount:
            style = self.tails.styles.amounts[max(decimals, places(amount))]
            self.cells.append(number_cell(amount, place=place, style=style))

    def instant(self, instant: datetime | None) -> None:
        """Add a wall time."""
        place = self.place()
        if instant is not None:
            self.cells.append(f'<c r="{place}"{self.tails.instant(instant)}')
