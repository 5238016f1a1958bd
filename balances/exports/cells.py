"""Write cells of a worksheet as XML: exact numbers, inert text, real dates.

Every text of a workbook's sheets passes here, so that none can become a formula, break the file or be cut unseen.
Source: ECMA-376 part 1, 18.3 (worksheets) and 22.9.2.19 (ST_Xstring: `_xHHHH_` stands for a character).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from providers.money import plain
from providers.tenancy.spreadsheets import REPLACEMENT, is_formula_like

LONGEST_TEXT = 32_767  # Excel cuts what is longer without a word
CUT_MARK = "… (cut)"
REMEMBERED = 8_192  # texts and instants: most of them stand in many rows
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # Excel's day zero, of wall time
_DAY = timedelta(days=1)
# What XML 1.0 cannot hold, and the carriage return, which it would turn into a line feed.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE_LOOKALIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile("[\x00-\x08\x0b-\x1f&<>\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")


def clean_text(text: str) -> str:
    """Return text a cell can hold: what cannot be written is U+FFFD, what is too long ends in a mark."""
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - len(CUT_MARK)] + CUT_MARK
    return _UNWRITABLE.sub(REPLACEMENT, text)


def text_xml(text: str) -> str:
    """Escape text for the inside of a `<t>`, so that a reader gets it back letter by letter."""
    if len(text) <= LONGEST_TEXT and not _SPECIAL.search(text):
        return text
    text = _ESCAPE_LOOKALIKE.sub("_x005F_", clean_text(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_tails(*, style: int, quoted: int) -> Callable[[str], str]:
    """Return what writes a text cell after its place; `quoted` is the style that keeps formula-like text a text."""

    @lru_cache(REMEMBERED)
    def tail(text: str) -> str:
        shown = quoted if is_formula_like(text) else style
        space = "" if text == " ".join(text.split()) else ' xml:space="preserve"'
        return f' s="{shown}" t="inlineStr"><is><t{space}>{text_xml(text)}</t></is></c>'

    return tail


def instant_tails(*, style: int, zone: ZoneInfo) -> Callable[[datetime], str]:
    """Return what writes an instant's cell after its place: the wall time in the zone, to the microsecond."""

    @lru_cache(REMEMBERED)
    def tail(instant: datetime) -> str:
        days = (instant.astimezone(zone).replace(tzinfo=UTC) - _EPOCH) / _DAY
        return f' s="{style}"><v>{days!r}</v></c>'

    return tail


def number_cell(number: Decimal | int, *, place: str, style: int) -> str:
    """Write a number with every digit."""
    digits = str(number) if isinstance(number, int) else plain(number)
    return f'<c r="{place}" s="{style}"><v>{digits}</v></c>'


def amount_cells(
    amount: Decimal, decimals: int, *, place: str, twin: str, formats: tuple[int, ...], text: int
) -> str:
    """Write an amount as a number, and beside it its digits as text.

    Excel keeps the first 15 digits of a number; the text has them all, and SUM leaves it out. `formats` are the
    styles by decimals: the one taken shows the currency's decimals and every further digit there is.
    """
    # A plain number is no formula: the text's minus needs no quoting.
    digits = plain(amount, decimals)
    style = formats[len(digits.partition(".")[2])]
    return (
        f'<c r="{place}" s="{style}"><v>{digits}</v></c>'
        f'<c r="{twin}" s="{text}" t="inlineStr"><is><t>{digits}</t></is></c>'
    )
