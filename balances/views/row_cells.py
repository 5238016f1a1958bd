"""Write the cells that differ in every row; a template for each of them took most of a long page's time.

A function that returns None leaves the cell to its template.
Their figures and links are our own digits, codes and words; what a provider or a person named is escaped.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString

from balances.templatetags.figures import amount, short_ref


class Frame(NamedTuple):
    """Hold what all cells of a column have: how they begin, its name, and whether another tells a row's age."""

    start: SafeString
    label: str
    has_age: bool


def _account_name(frame: Frame, item: Any) -> str | None:
    """Write whose a balance is; a template marks it where no column tells its age."""
    row = item.row
    if row.state != "fresh" and not frame.has_age:
        return None
    name: str = escape(row.account_name)
    if item.is_unnamed:
        short = escape(short_ref(row.account_ref))
        name = f'<span class="hide-s">{name}</span><span class="only-s">{short}</span>'
    tag = f' <span class="tag">{escape(item.tag)}</span>' if item.tag else ""
    link = f'<a href="{escape(item.url)}" hx-boost="false">{name}</a>'
    return f'<th role="rowheader" scope="row" class="a-1">{link}{tag}</th>'


def _account_ref(frame: Frame, item: Any) -> str:
    """Write the provider's own name of an account, shortened."""
    ref = item.row.account_ref
    return (
        f'{frame.start}<span class="ref" title="{escape(ref)}">{escape(short_ref(ref))}</span></td>'
    )


def _available(frame: Frame, item: Any) -> str:
    """Write the available amount."""
    row = item.row
    return f'<td role="cell" class="num a-2">{amount(row.available, row.decimals)}</td>'


def _pending(frame: Frame, item: Any) -> str:
    """Write the pending amount; a phone leaves the line of none out."""
    row = item.row
    blank = " blank" if row.pending is None else ""
    figure = amount(row.pending, row.decimals)
    return (
        f'<td role="cell" class="num a-6{blank}" data-label="{escape(frame.label)}">{figure}</td>'
    )


WRITERS: Mapping[str, Callable[[Frame, Any], str | None]] = {
    "account_name": _account_name,
    "account_ref": _account_ref,
    "available": _available,
    "pending": _pending,
}
# These never leave one to a template.
WHOLLY = frozenset(WRITERS) - {"account_name"}
