"""Check that no text of a file is taken for a formula."""

import csv

import pytest

from providers.tenancy.spreadsheets import csv_text, is_formula_like, safe_text

STARTS = ["=", "+", "-", "@", "＝", "＠", "\t", "\r", "\n", "\0"]


@pytest.mark.parametrize("start", STARTS)
def test_text_that_a_spreadsheet_may_compute_is_known_by_its_start(start: str) -> None:
    assert is_formula_like(f"{start}1+1")
    assert not is_formula_like(f"x{start}1")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("-1", "'-1"),
        ("a\0b\ud800", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
        ("\0", "'\N{REPLACEMENT CHARACTER}"),
        ("Nadia", "Nadia"),
    ],
    ids=["formula", "number", "unwritable", "nul first", "plain"],
)
def test_text_of_a_file_is_inert(text: str, safe: str) -> None:
    assert safe_text(text) == safe


@pytest.mark.parametrize("text", ['a;b,"c"\nd', "", "x"])
def test_a_field_is_read_back_as_it_was(text: str) -> None:
    assert next(csv.reader([f"{csv_text(text)},end"], strict=True)) == [text, "end"]
