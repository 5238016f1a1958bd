"""Keep text a text in files that spreadsheets open."""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# The wide forms start formulas where East Asian text is typed.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "\0")
# What UTF-8 or a reader of CSV cannot hold.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def is_formula_like(text: str) -> bool:
    """Tell whether a spreadsheet might take the text for a formula."""
    return text.startswith(FORMULA_STARTS)


def safe_text(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would compute; NUL and surrogates become U+FFFD."""
    return _UNWRITABLE.sub(REPLACEMENT, f"'{text}" if is_formula_like(text) else text)


def csv_text(text: str) -> str:
    """Return a field of CSV, quoted, so that a spreadsheet which splits at semicolons keeps it whole."""
    return '"{}"'.format(safe_text(text).replace('"', '""')) if text else ""
