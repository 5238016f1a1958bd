"""Write one cell of a worksheet as XML: exact numbers, inert text, real dates.

Source: ECMA-376 part 1, 18.3 (worksheets) and 22.9.2.19 (ST_Xstring: `_xHHHH_` stands for a character).
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from providers.money import plain

LONGEST_TEXT = 32_767  # Excel cuts what is longer without a word
CUT_MARK = "… (cut)"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel's day zero has no zone
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


@lru_cache(maxsize=4096)
def text_xml(text: str) -> str:
    """Escape text for the inside of a `<t>`, so that a reader gets it back letter by letter."""
    if len(text) <= LONGEST_TEXT and not _SPECIAL.search(text):
        return text
    text = _ESCAPE_LOOKALIKE.sub("_x005F_", clean_text(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_formula_like(text: str) -> bool:
    """Tell whether a spreadsheet might take the text for a formula."""
    return text.startswith(FORMULA_STARTS)


def text_cell(text: str, *, place: str, style: int, quoted: int) -> str:
    """Write a text cell; `quoted` is the style that marks formula-like text as text."""
    if not text:
        return ""
    shown = quoted if is_formula_like(text) else style
    body = text_xml(text)
    return (
        f'<c r="{place}" s="{shown}" t="inlineStr"><is><t xml:space="preserve">{body}</t></is></c>'
    )


def amount_cell(amount: Decimal | None, *, place: str, style: int) -> str:
    """Write a number cell with every digit; Excel keeps the first 15, the twin column has them all."""
    return "" if amount is None else f'<c r="{place}" s="{style}"><v>{plain(amount)}</v></c>'


def instant_cell(local: datetime | None, *, place: str, style: int) -> str:
    """Write a date cell of a naive local time, to the microsecond."""
    if local is None:
        return ""
    days = (local - _EPOCH) / _DAY
    return f'<c r="{place}" s="{style}"><v>{days!r}</v></c>'


def boolean_cell(value: bool, *, place: str, style: int) -> str:
    """Write a truth value."""
    return f'<c r="{place}" s="{style}" t="b"><v>{int(value)}</v></c>'
