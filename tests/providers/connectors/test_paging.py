from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from providers.connectors.paging import MOST_PAGES, Listing, Page, read_settled
from providers.errors import Incomplete
from providers.http import Reply

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REPLY = Reply(status=200, headers={}, body=b"", sent_at=NOW, received_at=NOW)
ASKED = 3


class Server:
    """Serve one list after the other, each given as pages of ids; the last one for ever."""

    def __init__(
        self, *lists: Sequence[str], totals: str = "pages", promised: int | None = None
    ) -> None:
        self.lists = [list(each) for each in lists]
        self.totals, self.promised = totals, promised
        self.asked: list[tuple[int, int]] = []

    def __call__(self, page: int, offset: int) -> Page[str]:
        self.asked.append((page, offset))
        if page == 1 and len(self.asked) > 1 and len(self.lists) > 1:
            self.lists.pop(0)
        pages = self.lists[0]
        ids = pages[page - 1] if page <= len(pages) else ""
        whole = self.promised if self.promised is not None else sum(map(len, pages))
        says = self.totals != "nothing"
        return Page(
            items=tuple((each, each.upper()) for each in ids),
            totals=(whole, len(pages)) if says else (),
            promised=whole if says else None,
            more=page < len(pages) if self.totals == "pages" else None,
            asked=ASKED,
            reply=REPLY,
        )

    @property
    def readings(self) -> int:
        return sum(page == 1 for page, _ in self.asked)


def read(server: Server, known: str = "", perhaps: str = "") -> Listing[str]:
    return read_settled(server, known=frozenset(known), perhaps=frozenset(perhaps))


def test_unchanged_list_is_read_once_to_its_end() -> None:
    server = Server(["abc", "def", "g"])

    listing = read(server, known="abcdefg")

    assert listing.items == {each: each.upper() for each in "abcdefg"}
    assert server.asked == [(1, 0), (2, 3), (3, 6)]
    assert len(listing.replies) == 3


def test_clamped_pages_are_read_to_the_end_the_totals_name() -> None:
    server = Server(["a", "b", "c"])

    assert read(server, known="abc").ids == frozenset("abc")
    assert server.asked == [(1, 0), (2, 1), (3, 2)]


def test_count_alone_leads_to_the_end() -> None:
    assert read(Server(["a", "b", "c"], totals="count"), known="abc").ids == frozenset("abc")


@pytest.mark.parametrize(
    ("pages", "requests"), [(["abc", "de"], 2), (["abc", ""], 2), (["ab"], 1), ([""], 1)]
)
def test_without_totals_a_short_page_is_the_last(pages: list[str], requests: int) -> None:
    server = Server(pages, totals="nothing")

    read(server, known="".join(pages))

    assert len(server.asked) == requests


def test_server_that_always_sends_everything_is_read_whole() -> None:
    server = Server(["abcde", "abcde", "abcde"], totals="nothing")

    assert read(server, known="abcde").ids == frozenset("abcde")
    assert len(server.asked) == 2


def test_long_page_that_repeats_below_the_count_is_incomplete() -> None:
    with pytest.raises(Incomplete, match="page 2 repeats"):
        read(Server(["abcde", "abcde"], totals="count", promised=9))


def test_one_page_never_read_before_stands_by_itself() -> None:
    server = Server(["ab"])

    read(server)

    assert server.readings == 1


def test_several_pages_never_read_before_are_read_twice() -> None:
    server = Server(["abc", "d"])

    read(server)

    assert server.readings == 2


@pytest.mark.parametrize("known", ["abcde", "abc", "abcx", "x"])
def test_changed_ids_are_applied_when_a_second_reading_agrees(known: str) -> None:
    server = Server(["abc", "d"])

    assert read(server, known=known).ids == frozenset("abcd")
    assert server.readings == 2


def test_emptied_list_is_believed_at_the_second_reading() -> None:
    server = Server([""])

    assert read(server, known="abc").ids == frozenset()
    assert server.readings == 2


def test_ids_that_may_come_and_go_ask_for_no_second_reading() -> None:
    for pages in (["abc", "d"], ["abc"]):
        server = Server(pages)
        read(server, known="abc", perhaps="d")
        assert server.readings == 1


def test_row_lost_to_a_shift_between_pages_is_found_by_reading_again() -> None:
    # One insert and one delete: as many rows as promised, one dead and one missing.
    server = Server(["abc", "de"], ["bcd", "ef"], ["bcd", "ef"])

    assert read(server).ids == frozenset("bcdef")
    assert server.readings == 3


def test_repeated_id_asks_for_another_reading() -> None:
    server = Server(["abc", "cd"], ["abc", "d"], ["abc", "d"])

    assert read(server, known="abcd").ids == frozenset("abcd")
    assert server.readings == 2


def test_id_repeated_for_ever_is_incomplete() -> None:
    server = Server(["abc", "cd"])

    with pytest.raises(Incomplete, match="3 readings"):
        read(server, known="abcd")
    assert server.readings == 3


def test_id_repeated_within_a_page_is_incomplete() -> None:
    with pytest.raises(Incomplete, match="3 readings"):
        read(Server(["aab"], promised=3), known="ab")


def test_three_different_readings_are_incomplete() -> None:
    server = Server(["ab"], ["ac"], ["ad"])

    with pytest.raises(Incomplete, match="3 readings"):
        read(server, known="xy")
    assert server.readings == 3


def test_total_that_moves_between_pages_asks_for_another_reading() -> None:
    server = Server(["abc", "d"])

    def moving(page: int, offset: int) -> Page[str]:
        found = server(page, offset)
        if server.readings > 1 or page == 1:
            return found
        return Page(**{**found.__dict__, "totals": (5, 2)})

    assert read_settled(moving, known=frozenset("abcd")).ids == frozenset("abcd")
    assert server.readings == 2


def test_fewer_rows_than_counted_are_incomplete() -> None:
    with pytest.raises(Incomplete):
        read(Server(["abc", "d"], promised=9), known="abcd")


def test_repeated_page_fails_at_once() -> None:
    server = Server(["abc", "abc", "def"])

    with pytest.raises(Incomplete, match="page 2 repeats"):
        read(server)
    assert len(server.asked) == 2


def test_empty_page_although_more_is_promised_fails_at_once() -> None:
    server = Server(["abc", "", "def"])

    with pytest.raises(Incomplete, match="page 2 is empty"):
        read(server)
    assert len(server.asked) == 2


def test_empty_last_page_below_the_count_fails_at_once() -> None:
    with pytest.raises(Incomplete, match="page 2 is empty"):
        read(Server(["abc", ""], promised=4))


def test_list_without_end_is_cut_at_a_thousand_pages() -> None:
    def endless(page: int, offset: int) -> Page[str]:
        return Page(
            items=((str(page), ""),), totals=(), promised=None, more=True, asked=1, reply=REPLY
        )

    with pytest.raises(Incomplete, match=str(MOST_PAGES)):
        read_settled(endless, known=frozenset())
