import csv as reader
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from balances.columns import BY_KEY, COLUMNS
from balances.exports import csv
from balances.results import Row
from tests.balances.exports.sheets import CAIRO, make_row

HOSTILE = {
    "=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0",
    "+1+1": "'+1+1",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    "\n=1": "'\n=1",
    "\0=1": "'\ufffd=1",
    'ends in "': 'ends in "',
    '"': '"',
    "a;=1+1;b": "a;=1+1;b",
    "a,b\nc\r\nd": "a,b\nc\r\nd",
    "خزنة \u202e abc": "خزنة \u202e abc",
    "😀": "😀",
    "\ud83d lone": "\ufffd lone",
    "\ufeffmark": "\ufeffmark",
    " lead and trail ": " lead and trail ",
}


def read(rows: Sequence[Row], *, zone: ZoneInfo = CAIRO) -> list[dict[str, str]]:
    """Write rows, and read them as any reader of CSV does."""
    data = b"".join(csv.write(COLUMNS, rows, zone=zone))
    return list(reader.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))


def test_file_begins_with_the_mark_by_which_excel_knows_utf_8() -> None:
    data = b"".join(csv.write(COLUMNS, [], zone=CAIRO))

    assert data == b"\xef\xbb\xbf" + ",".join(BY_KEY).encode() + b"\r\n"


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_text_comes_back_as_it_was_but_never_as_a_formula(text: str) -> None:
    (row,) = read([make_row(account_name=text, address=text)])

    assert row["account_name"] == row["address"] == HOSTILE[text]


def test_text_with_a_semicolon_stays_one_cell_where_semicolons_divide() -> None:
    data = b"".join(
        csv.write([BY_KEY["account_name"]], [make_row(account_name="a;=1")], zone=CAIRO)
    )

    assert list(reader.reader(StringIO(data.decode("utf-8-sig")), delimiter=";"))[1] == ["a;=1"]


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        ("99999999999999999999.999999999999999999", 2, "99999999999999999999.999999999999999999"),
        ("-0.000000000000000001", 6, "-0.000000000000000001"),
        ("-42118.6", 2, "-42118.60"),
        ("1E+3", 0, "1000"),
        ("0.000000000000000000", 2, "0.00"),
    ],
)
def test_amounts_are_plain_and_exact_and_negatives_unguarded(
    amount: str, decimals: int, text: str
) -> None:
    (row,) = read([make_row(available=amount, decimals=decimals)])

    assert (row["available"], row["pending"]) == (text, "")


def test_instants_carry_the_offset_of_the_zone() -> None:
    winter, summer = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    rows = [make_row(as_of=winter), make_row(as_of=summer), make_row(as_of=None)]

    assert [row["as_of"] for row in read(rows)] == [
        "2026-01-01T02:00:00+02:00",
        "2026-07-01T03:00:00+03:00",
        "",
    ]
    assert read(rows[:1], zone=ZoneInfo("UTC"))[0]["as_of"] == "2026-01-01T00:00:00Z"


def test_rows_leave_in_chunks_and_none_is_lost() -> None:
    rows = [make_row(account_ref=f"ref-{n}", account_name="x" * 100) for n in range(1500)]

    chunks = list(csv.write(COLUMNS, rows, zone=CAIRO))

    assert len(chunks) > 2
    assert max(map(len, chunks)) < 2 * csv.CHUNK
    assert [row["account_ref"] for row in read(rows)] == [row.account_ref for row in rows]
