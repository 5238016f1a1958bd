import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from balances.columns import BY_KEY, COLUMNS, ColumnKind
from balances.exports import xlsx
from balances.exports.cells import CUT_MARK
from balances.results import Row
from tests.balances.exports.sheets import (
    CAIRO,
    facts,
    formulas,
    make_row,
    raw_cells,
    reopened,
    table,
    written,
)

LONG = "x" * 40_000
# What is written, and what a reader gets where that is not the same.
HOSTILE = {
    **dict.fromkeys(
        (
            "=1+1",
            "=cmd|' /C calc'!A0",
            "+1+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\n=1",
            '=HYPERLINK("http://x","y")',
            'ends in "',
            "'quoted'",
            "_x0041_",
            "_x005F_x0041_",
            "_x000D_",
            "a & b <c> ]]>",
            "&amp; &#61;1",
            "خزنة \u202eabc",
            "😀 é ﬁ",
            " lead and trail ",
            "two  spaces",
            "1234567890123456789",
            "0012",
            "1E5",
            "TRUE",
            "#REF!",
            "2026-11-20",
            "rows-stand-here",
        )
    ),
    "\r=1": "\ufffd=1",
    "a\0b\x07c\x1bd": "a\ufffdb\ufffdc\ufffdd",
    "\ud83d lone": "\ufffd lone",
    "\ufffe\uffff": "\ufffd\ufffd",
    LONG: LONG[: 32_767 - len(CUT_MARK)] + CUT_MARK,
}
AMOUNTS = (
    *("0", "0.00", "-0.00", "1", "-1", "100.50", "-42118.60", "1E+3", "0.1"),
    *("12345678901234567890", "-99999999999999999999.999999999999999999"),
    *("0.000000000000000001", "-0.000000000000000001", "9007199254740993", "123456789012345.678"),
    *("2.675", "0.30", "1.000000000000000000"),
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_text_comes_back_letter_by_letter_and_is_never_a_formula(text: str) -> None:
    row = make_row(account_name=text, account_ref=text, network=text)

    data = written([row], about=[("Tenant", text)])

    came = HOSTILE[text] or text
    (found,) = table(data)
    assert (found["Account"], found["Reference"], found["Network"]) == (came, came, came)
    assert facts(data) == [("Tenant", came)]
    assert formulas(data) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\nx"], ids=repr)
def test_formula_like_text_stays_text_even_when_somebody_edits_the_cell(text: str) -> None:
    data = written([make_row(account_name=text)], columns=[BY_KEY["account_name"]])

    cell = raw_cells(data)["A2"]
    assert cell.kind == "inlineStr"
    assert cell.format.get("quotePrefix") == "1"
    assert reopened(data)["Balances"]["A2"].quotePrefix is True


def test_facts_are_quoted_and_wrapped() -> None:
    cells = raw_cells(
        written([], about=[("=1", "=2"), ("n", 3), ("t", datetime(2026, 1, 1, tzinfo=UTC))]), 3
    )

    assert (cells["A1"].text, cells["B1"].text) == ("=1", "=2")
    assert cells["B1"].format.get("quotePrefix") == "1"
    assert (cells["B2"].kind, cells["B2"].text) == ("n", "3")
    assert cells["B3"].number_format == "yyyy-mm-dd hh:mm:ss"


@pytest.mark.parametrize("decimals", [0, 2, 6, 18])
def test_amount_is_a_number_with_every_digit_and_its_twin_the_exact_text(decimals: int) -> None:
    rows = [make_row(available=amount, decimals=decimals) for amount in AMOUNTS]

    data = written(rows, columns=[BY_KEY["available"]])

    cells, found = raw_cells(data), table(data)
    for place, amount in enumerate(AMOUNTS, start=2):
        number, twin, value = cells[f"A{place}"], cells[f"B{place}"], Decimal(amount)
        assert (number.kind, twin.kind) == ("n", "inlineStr")
        assert Decimal(number.text) == Decimal(twin.text) == value
        assert "E" not in number.text
        assert float(found[place - 2]["Available"]) == float(value)
        # The currency's decimals and every further digit there is, in the text and in the format.
        needed = max(decimals, len(format(value, "f").partition(".")[2].rstrip("0")))
        zeros = "#,##0" + ("." + "0" * needed if needed else "")
        assert len(twin.text.partition(".")[2]) == needed
        assert number.number_format == f"{zeros};[Red]-{zeros}"


def test_what_is_not_reported_is_an_empty_cell_and_not_zero() -> None:
    data = written([make_row(available=None, pending="0", as_of=None, network="")])

    (found,) = table(data)
    assert (found["Available"], found["Available, exact"]) == (None, None)
    assert (found["Pending"], found["Pending, exact"]) == (0, "0.00")
    assert (found["Network"], found["As of (Africa/Cairo)"]) == (None, None)


def test_every_amount_has_its_twin_beside_it_and_times_name_their_zone() -> None:
    heads = [cell.value for cell in reopened(written([]))["Balances"][1]]

    for column in COLUMNS:
        if column.kind is ColumnKind.AMOUNT:
            assert heads[heads.index(column.header) + 1] == f"{column.header}, exact"
        elif column.kind is ColumnKind.INSTANT:
            assert f"{column.header} (Africa/Cairo)" in heads
        else:
            assert column.header in heads


def test_instants_are_wall_times_of_the_tenants_zone_without_a_zone() -> None:
    row = make_row(
        as_of=datetime(2026, 11, 19, 22, 30, 15, 250_000, tzinfo=UTC),
        fetched_at=datetime(2026, 7, 1, 12, 0, tzinfo=UTC),
    )

    (found,) = table(written([row]))

    assert found["As of (Africa/Cairo)"] == datetime(2026, 11, 20, 0, 30, 15, 250_000)  # noqa: DTZ001  # as a sheet holds it
    assert found["Confirmed (Africa/Cairo)"] == datetime(2026, 7, 1, 15, 0)  # noqa: DTZ001  # as a sheet holds it


def test_sheet_is_dressed_for_reading_and_printing() -> None:
    sheet = reopened(written([make_row(), make_row()], columns=[BY_KEY["currency"]]))["Balances"]

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions == "A1:A3"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["A"].width >= len("Currency")


def test_only_the_columns_asked_for_are_written() -> None:
    columns = [BY_KEY["account_name"], BY_KEY["available"], BY_KEY["state"]]

    (found,) = table(written([make_row(account_name="Till", available="1")], columns=columns))

    assert found == {
        "Account": "Till",
        "Available": 1,
        "Available, exact": "1.00",
        "State": "fresh",
    }


def test_workbook_without_rows_opens() -> None:
    book = reopened(written([]))

    assert book.sheetnames == ["Balances", "Totals", "About"]
    assert book["Balances"].max_row == 1


def test_first_bytes_leave_before_rows_are_counted_or_read() -> None:
    asked: list[str] = []

    def count() -> int:
        asked.append("count")
        return 1

    def rows() -> Iterator[Row]:
        asked.append("rows")
        yield make_row()

    chunks = xlsx.write(
        COLUMNS,
        rows(),
        _noted(asked, "totals"),
        _noted(asked, "about"),
        count=count,
        zone=CAIRO,
    )

    assert next(chunks).startswith(b"PK")
    assert asked == []
    list(chunks)
    assert asked == ["count", "rows", "totals", "about"]


def _noted(asked: list[str], name: str) -> Iterator[Any]:
    asked.append(name)
    yield from ()


MEMORY = """
import sys
from datetime import timedelta
from balances.columns import COLUMNS
from balances.exports import xlsx
from benchmarks import peak_memory
from tests.balances.exports.sheets import CAIRO, READ_AT, make_row

def stream(count):
    rows = (
        make_row(
            account_name=f"Account {n} " + "x" * 150,
            address=f"0x{n:040x}",
            available=f"{n}.123456789012345678",
            as_of=READ_AT - timedelta(seconds=n),
        )
        for n in range(count)
    )
    return sum(map(len, xlsx.write(COLUMNS, rows, [], [], count=lambda: count, zone=CAIRO)))

stream(1)
idle = peak_memory()
size = stream(int(sys.argv[1]))
print(size / 1e6, peak_memory() - idle)
"""


def test_ten_thousand_rows_take_bounded_memory() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()" + MEMORY, "10000"],
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    size, grown = map(float, run.stdout.split())
    assert size > 0.5
    assert grown < 150  # it is a few; a workbook held whole takes hundreds


def test_instants_of_rows_far_apart_are_all_right() -> None:
    rows = [
        make_row(as_of=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=7 * n))
        for n in range(900)
    ]

    found = [row["As of (Africa/Cairo)"] for row in table(written(rows))]

    assert found == [row.as_of.astimezone(CAIRO).replace(tzinfo=None) for row in rows if row.as_of]
