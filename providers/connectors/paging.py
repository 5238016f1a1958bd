"""Read a paged list to its end, and believe it only when it holds still.

Counters cannot prove a list complete: one insert and one delete between two pages leave every
total as it was. So a list whose ids changed is read again, and applied when two readings agree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from providers.errors import Incomplete

if TYPE_CHECKING:
    from providers.http import Reply

MOST_PAGES = 1_000
MOST_READINGS = 3

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Hold one page: its items by id, and what the server says of the whole list.

    `totals` must not change from page to page. `promised` is how many items the whole list has,
    `more` whether further pages follow; both are `None` when the server sends no such thing.
    `asked` is the page size we asked for.
    """

    items: tuple[tuple[str, T], ...]
    totals: tuple[object, ...]
    promised: int | None
    more: bool | None
    asked: int
    reply: "Reply"

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids on this page."""
        return frozenset(each for each, _ in self.items)


@dataclass
class Listing(Generic[T]):
    """Hold one reading of a whole list, and whether it contradicted itself."""

    items: dict[str, T] = field(default_factory=dict)
    replies: "list[Reply]" = field(default_factory=list)
    pages: list[frozenset[str]] = field(default_factory=list)
    totals: tuple[object, ...] | None = None
    received: int = 0
    is_steady: bool = True

    @property
    def ids(self) -> frozenset[str]:
        """Return every id of the list."""
        return frozenset(self.items)

    def add(self, page: Page[T]) -> None:
        """Take a page in, noting ids that repeat and totals that moved.

        Raises: Incomplete, when the page was served before.
        """
        if page.ids and page.ids in self.pages:
            raise Incomplete(f"page {len(self.pages) + 1} repeats an earlier page")
        repeats = len(page.ids) < len(page.items) or bool(page.ids & self.items.keys())
        moved = self.totals is not None and self.totals != page.totals
        self.is_steady = self.is_steady and not repeats and not moved
        self.totals = page.totals
        self.items.update(page.items)
        self.replies.append(page.reply)
        self.pages.append(page.ids)
        self.received += len(page.items)

    def close(self, *, promised: int | None) -> None:
        """Note at the end whether the list holds as many items as the server counts."""
        if promised is not None and promised != len(self.items):
            self.is_steady = False


Ask = Callable[[int, int], Page[T]]


def read_settled(
    ask: Ask[T], *, known: frozenset[str], perhaps: frozenset[str] = frozenset()
) -> Listing[T]:
    """Read a list until two readings in a row agree; one is enough when nothing changed.

    `ask(page, offset)` fetches one page, counted from 1. `known` are the ids stored now. While
    there are none, a list of one page stands by itself: it differs from nothing that we hold, and
    one answer cannot shift between pages. `perhaps` are ids whose coming and going means nothing.
    Raises: Incomplete, after 3 readings, and what `ask` raises.
    """
    earlier: Listing[T] | None = None
    for _ in range(MOST_READINGS):
        listing = _read(ask)
        unchanged = known <= listing.ids <= known | perhaps
        settled = unchanged or (not known and len(listing.pages) == 1)
        agrees = earlier is not None and earlier.ids == listing.ids
        if listing.is_steady and (agrees or (earlier is None and settled)):
            return listing
        earlier = listing
    raise Incomplete(f"{MOST_READINGS} readings of the list never agreed twice in a row")


def _read(ask: Ask[T]) -> Listing[T]:
    """Read from the first page to the last.

    Raises: Incomplete, on a repeated or missing page, or past 1,000 pages.
    """
    listing: Listing[T] = Listing()
    for page in _pages(ask, listing):
        if not page.items and (page.more or (page.promised or 0) > len(listing.items)):
            raise Incomplete(f"page {len(listing.pages) + 1} is empty although more is promised")
        if _is_unpaged(page, listing):
            return listing
        listing.add(page)
        if not _goes_on(page, listing):
            listing.close(promised=page.promised)
            return listing
    raise Incomplete(f"the list did not end within {MOST_PAGES} pages")


def _pages(ask: Ask[T], listing: Listing[T]) -> Iterator[Page[T]]:
    for number in range(1, MOST_PAGES + 1):
        yield ask(number, listing.received)


def _goes_on(page: Page[T], listing: Listing[T]) -> bool:
    """Tell whether a further page is due: the server's word first, then a full page."""
    if page.more is not None:
        return page.more
    if page.promised is not None:
        return listing.received < page.promised
    return len(page.items) >= page.asked


def _is_unpaged(page: Page[T], listing: Listing[T]) -> bool:
    """Tell a server that always sends its whole list: no totals, and more than was asked for."""
    is_silent = page.more is None and page.promised is None
    return is_silent and len(page.items) > page.asked and listing.pages == [page.ids]
