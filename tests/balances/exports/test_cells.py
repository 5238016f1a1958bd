from datetime import UTC, datetime

import pytest

from balances.exports.cells import (
    CUT_MARK,
    LONGEST_TEXT,
    clean_text,
    instant_tails,
    text_tails,
    text_xml,
)
from tests.balances.exports.sheets import CAIRO


def test_text_too_long_for_a_cell_is_cut_with_a_mark() -> None:
    cut = clean_text("x" * (LONGEST_TEXT + 1))

    assert len(cut) == LONGEST_TEXT
    assert cut.endswith(f"x{CUT_MARK}")
    assert clean_text("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ("plain", "plain"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x004_ _x00g1_", "_x004_ _x00g1_"),
        ("a\0b\x1fc\rd", "a\ufffdb\ufffdc\ufffdd"),
        ("\ud83d", "\ufffd"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("😀", "😀"),
    ],
    ids=repr,
)
def test_text_is_escaped_for_xml(text: str, xml: str) -> None:
    assert text_xml(text) == xml


@pytest.mark.parametrize("text", [" lead", "trail ", "two  spaces", "line\nbreak", "\u00a0"])
def test_white_space_is_told_to_be_kept(text: str) -> None:
    assert ' xml:space="preserve"' in text_tails(style=0, quoted=1)(text)


def test_only_formula_like_text_takes_the_quoting_style() -> None:
    tail = text_tails(style=3, quoted=4)

    assert tail("=1").startswith(' s="4"')
    assert tail("1").startswith(' s="3"')


def test_instant_is_the_wall_time_of_its_zone_in_days() -> None:
    tail = instant_tails(style=2, zone=CAIRO)

    assert tail(datetime(2026, 11, 19, 22, 0, tzinfo=UTC)) == ' s="2"><v>46346.0</v></c>'
    assert tail(datetime(2026, 11, 20, 10, 0, tzinfo=UTC)) == ' s="2"><v>46346.5</v></c>'
    # Summer time, three hours ahead.
    assert tail(datetime(2026, 7, 1, 21, 0, tzinfo=UTC)) == ' s="2"><v>46205.0</v></c>'
