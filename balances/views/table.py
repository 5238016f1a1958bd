"""Put a page of results into the words, links and figures its template shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.query.describe import Labels, describe, words_of, words_of_group
from balances.query.tree import NOT_ZERO, BalanceQuery, Condition
from balances.results import Context, Page, Row
from balances.states import STATES, StateWords
from balances.views.cells import Cell, cells, columns_of, heads, sections
from balances.views.legend import entries, head_title, legend
from balances.views.links import Links
from balances.views.news import Glance
from balances.views.nothing import nothing
from balances.views.pager import pager
from balances.views.totals import TotalView, total_views
from balances.views.words import COUNTING, HOLDERS, labels
from providers.money import places

ANY_ID = "0" * 32
# A table of more columns, or with longer figures, scrolls in a frame of its own.
MOST_COLUMNS = 9
MOST_DIGITS = 15
USUAL_DECIMALS = 8


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One balance as the table shows it; without a name, phones shorten its reference."""

    row: Row
    url: str
    words: StateWords
    holder: str
    tag: str
    is_unnamed: bool
    again: bool
    breaks: bool
    cells: Sequence[Cell]


def table(
    query: BalanceQuery, page: Page, *, links: Links, context: Context, zone: ZoneInfo
) -> dict[str, Any]:
    """Return the context of balances/_table.html for a query that was understood."""
    words = labels(context)
    parts = chips(query, links=links, words=words, zone=zone)
    said = [part["text"] for part in parts]
    sentence = describe(query, labels=words, zone=zone, gettext=_)
    return {
        "count": f"{page.count:,}",
        "tenant_count": f"{page.tenant_count:,}",
        "tenant_total": page.tenant_count,
        "sentence": sentence.removesuffix("."),
        "spoken": _("%(count)s. %(sentence)s")
        % {"count": counted(page.count), "sentence": sentence},
        "chips": parts,
        "clear_url": links.cleared(),
        "seen": str(Glance.of(page)),
        "zero": zero(query, page, links=links),
        "pager": pager(page, links=links),
        "empty": nothing(query, page, words=said, links=links, context=context),
        "faults": [],
        **_grid(query, page, links=links, context=context),
    }


def _grid(query: BalanceQuery, page: Page, *, links: Links, context: Context) -> dict[str, Any]:
    """Return heads, rows and totals, and how wide they are."""
    rows = row_views(page.rows, slug=context.tenant.slug, cells=cells(query))
    totals = total_views(page.totals)
    columns = columns_of(query)
    headers, known = heads(query, links=links), entries(page.facets.provider)
    groups = sections(query, rows, groups=page.groups)
    by_currency = query.group_by == ("currency",)
    told = {section.label for section in groups if by_currency}
    return {
        "headers": [head | {"title": head_title(head["cell"], known)} for head in headers],
        "legend": legend(page.facets.provider, columns=columns),
        "has_age": "fetched_at" in columns,
        "has_provider": "provider" in columns,
        "has_chosen": bool(query.columns),
        "span": len(columns),
        "many": len(columns) > MOST_COLUMNS or longest(rows, totals) > MOST_DIGITS,
        "rows": rows,
        "sections": groups,
        "by_currency": by_currency,
        "totals": totals,
        "foot": [total for total in totals if total.currency not in told],
        "dp": widest(rows, totals),
    }


def counted(number: int) -> str:
    """Count balances in words."""
    return ngettext("%(n)s balance", "%(n)s balances", number) % {"n": f"{number:,}"}


def zero(query: BalanceQuery, page: Page, *, links: Links) -> dict[str, str]:
    """Offer to hide the rows that are zero, or say how many are hidden and offer to show them."""
    if query.hides_zero:
        said = ngettext("%(n)s zero hidden", "%(n)s zero hidden", page.zero)
        return {
            "text": said % {"n": f"{page.zero:,}"},
            "label": _("Show them"),
            "url": links.without(NOT_ZERO),
        }
    if not page.zero or page.zero == page.count:
        return {}
    offered = ngettext("Hide %(n)s zero", "Hide %(n)s zero", page.zero)
    return {
        "text": "",
        "label": offered % {"n": f"{page.zero:,}"},
        "url": links.hiding_zero(),
    }


def row_views(
    rows: Sequence[Row], *, slug: str, cells: Callable[[Row], Sequence[Cell]]
) -> list[RowView]:
    """Prepare rows; a currency like the one above is quiet, another one begins below a line."""
    views = []
    # Resolving an address takes longer than all else about a row.
    start, end = reverse("balances:detail", args=[slug, ANY_ID]).split(ANY_ID)
    for index, row in enumerate(rows):
        before = rows[index - 1].currency if index else None
        views.append(
            RowView(
                row=row,
                url=f"{start}{row.public_id}{end}",
                words=STATES[row.state],
                holder=str(HOLDERS[row.holder]),
                tag=tag(row),
                is_unnamed=row.account_name == row.account_ref,
                again=before == row.currency,
                breaks=before not in (None, row.currency),
                cells=cells(row),
            )
        )
    return views


def tag(row: Row) -> str:
    """Say why a row is in no plain total; nothing for one that is."""
    if row.counting == "TEST_DUPLICATE":
        return _("Test, also read through %(name)s") % {"name": row.counted_by}
    if row.counted_by:
        return _("Also read through %(name)s") % {"name": row.counted_by}
    return "" if row.counting == "LIVE" else str(COUNTING[row.counting])


def widest(rows: Sequence[RowView], totals: Sequence[TotalView]) -> int:
    """Return the most decimals on the page, for which figures keep room so that points align."""
    figures = (f for v in rows for f in (v.row.available, v.row.pending, v.row.ledger))
    needed = [places(figure) for figure in figures if figure is not None]
    needed += [view.row.decimals for view in rows] + [total.places for total in totals]
    return max(needed, default=2)


def longest(rows: Sequence[RowView], totals: Sequence[TotalView]) -> int:
    """Return how long figures are: the most digits before a point, and the decimals beyond the usual ones."""
    figures = [view.row.available for view in rows] + [total.available.sum for total in totals]
    whole = max((figure.adjusted() + 1 for figure in figures if figure), default=1)
    return whole + max(widest(rows, totals) - USUAL_DECIMALS, 0)


def chips(
    query: BalanceQuery, *, links: Links, words: Labels, zone: ZoneInfo
) -> list[dict[str, str]]:
    """Say each part of the filter, with the address that drops it."""
    found = []
    if query.q:
        found.append(_chip(_("Search"), _("for"), f"“{query.q}”", links.without_search()))
    for part in query.where.filters:
        if isinstance(part, Condition):
            field, operator, value = words_of(part, labels=words, zone=zone, gettext=_)
            found.append(_chip(field, operator, value, links.without(part)))
        else:
            said = words_of_group(part, labels=words, zone=zone, gettext=_)
            found.append(_chip("", "", said, links.without(part)))
    return found


def _chip(label: str, operator: str, value: str, url: str) -> dict[str, str]:
    text = f"{label} {operator} {value}".strip()
    return {
        "label": label,
        "operator": operator,
        "value": value,
        "text": text,
        "remove_url": url,
        "remove_label": _("Remove filter: %(text)s") % {"text": text},
    }
