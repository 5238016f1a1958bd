"""Say of a part of the balances how many are in which state, and from when the figures they keep are."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import reduce

from django.utils.html import format_html
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.results import Reads, Total
from balances.states import STATES
from balances.templatetags.figures import moment


def count(parts: Iterable[Total], *, state: str = "") -> int:
    """Count the balances of some parts, or those of one state among them."""
    if not state:
        return sum(part.rows for part in parts)
    return sum(part.reads[state].rows for part in parts if state in part.reads)


def kept(parts: Sequence[Total], *, now: datetime, state: str = "") -> str:
    """Say which figures stay as they were read, for a problem's line; nothing where none was read.

    A figure never read is not kept; `state` speaks of the balances in that state alone.
    """
    wanted = {state} if state else set(STATES) - {"never"}
    own = [part for part in parts if wanted & part.reads.keys()]
    read = _joined(own, wanted)
    if read.first is None:
        return ""
    codes = get_text_list(sorted({part.currency for part in own}), _("and"))
    what = ngettext("{n} balance in {codes}", "{n} balances in {codes}", read.rows)
    said = format_html(what, n=f"{read.rows:,}", codes=codes)
    return format_html(_pattern(read), what=said, time=moment(read.first, now))


def unconfirmed(parts: Sequence[Total], *, now: datetime) -> str:
    """Say since when nothing has confirmed the stale balances among some parts."""
    read = _joined(parts, {"stale"})
    if read.first is None:
        return ""
    alike = _minute(read.first) == _minute(read.last)
    pattern = (
        _("No run has confirmed them since {time}.")
        if alike
        else _("No run has confirmed them in time, the oldest since {time}.")
    )
    return format_html(pattern, time=moment(read.first, now))


def _joined(parts: Iterable[Total], states: Collection[str]) -> Reads:
    """Add up the readings of the balances in some states."""
    return reduce(
        Reads.joined,
        (reads for part in parts for name, reads in part.reads.items() if name in states),
        Reads(rows=0, first=None, last=None),
    )


def _pattern(read: Reads) -> str:
    if read.rows == 1:
        return _("{what} keeps its {time} figure.")
    if _minute(read.first) == _minute(read.last):
        return _("{what} keep their {time} figures.")
    return _("{what} keep their last figures, the oldest of {time}.")


def _minute(at: datetime | None) -> datetime | None:
    return at and at.replace(second=0, microsecond=0)


def of_credential(parts: Iterable[Total], *, key: int) -> list[Total]:
    """Choose the parts that one credential reads."""
    return [part for part in parts if part.credential_id == key]
