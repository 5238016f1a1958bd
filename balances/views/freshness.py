"""Say of what is shown since when it is confirmed, and from when the rest is: never less than all of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from balances.results import Facets, Gap, Reads, added_reads
from balances.states import STATES
from balances.templatetags.figures import moment
from balances.views.links import Links
from balances.views.totals import TotalView

# Neither was ever a figure of now: the sentence counts both apart.
APART = ("never", "closed")
TROUBLES = ("not_synced", "held", "missing", "stale", "paused")
Write = Callable[..., str]


def freshness(
    found: Facets, totals: Sequence[TotalView], *, gaps: Sequence[Gap], links: Links, now: datetime
) -> dict[str, Any]:
    """Return the context of components/_freshness.html and _unwatched.html for the rows that `totals` add up.

    It speaks of the filter's rows where there is a filter ("of these 27"), else of the whole tenant's. The troubles
    are counted over the whole tenant, so they are led to only where all of it is shown.
    """
    reads: Mapping[str, Reads] = {}
    for total in totals:
        reads = added_reads(reads, total.reads)
    is_all = links.query.is_unfiltered

    def when(at: datetime) -> SafeString:
        return SafeString(moment(at, now))

    said = sentence(reads, is_all=is_all, write=format_html, when=when)
    return {
        "text": said,
        "unread": [gap.unread for gap in gaps if gap.unread],
        "unwatched": [gap.unwatched for gap in gaps if gap.unwatched],
        "troubles": [
            {
                "text": _("%(n)s %(state)s")
                % {"n": f"{found.state[state]:,}", "state": str(STATES[state].label).lower()},
                "url": links.only("state", state),
            }
            for state in TROUBLES
            if found.state.get(state) and is_all
        ],
    }


def sentence(
    reads: Mapping[str, Reads], *, is_all: bool, write: Write, when: Callable[[datetime], str]
) -> str:
    """Say how many rows are confirmed since when, and the times of all others; nothing of no rows.

    `write` fills a pattern, for a page or as plain text, in which `when` writes the instants.
    """
    rows = sum(each.rows for each in reads.values())
    if not rows:
        return ""
    parts = [_confirmed(reads.get("fresh"), rows, is_all=is_all, write=write, when=when)]
    behind = _behind(reads)
    if behind is not None:
        parts.append(_from(behind, write=write, when=when))
    parts += [_counted(state, reads[state].rows, write=write) for state in APART if state in reads]
    return write("{}.", write(", ".join("{}" for part in parts), *parts))


def _confirmed(
    fresh: Reads | None, rows: int, *, is_all: bool, write: Write, when: Callable[[datetime], str]
) -> str:
    counts = {"n": f"{fresh.rows if fresh else 0:,}", "rows": f"{rows:,}"}
    if fresh is None or fresh.first is None:
        pattern = _("{n} of {rows} up to date") if is_all else _("{n} of these {rows} up to date")
        return write(pattern, **counts)
    pattern = _("{n} of {rows} confirmed since {at}")
    if not is_all:
        pattern = _("{n} of these {rows} confirmed since {at}")
    return write(pattern, **counts, at=when(fresh.first))


def _behind(reads: Mapping[str, Reads]) -> Reads | None:
    """Add up the rows that have a figure, but not one of now."""
    behind = [each for state, each in reads.items() if state not in (*APART, "fresh")]
    return reduce(Reads.joined, behind) if behind else None


def _from(behind: Reads, *, write: Write, when: Callable[[datetime], str]) -> str:
    count = f"{behind.rows:,}"
    first, last = behind.first, behind.last
    if first is None or last is None:
        return write(_("{n} without a time"), n=count)
    if _minute(first) == _minute(last):
        return write(_("{n} from {at}"), n=count, at=when(first))
    return write(_("{n} from {first} to {last}"), n=count, first=when(first), last=when(last))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _counted(state: str, rows: int, *, write: Write) -> str:
    return write("{} {}", f"{rows:,}", str(STATES[state].label).lower())
