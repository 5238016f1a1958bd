"""Make rows to write, and read written workbooks back: as openpyxl sees them, and as the XML says."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from defusedxml.ElementTree import fromstring
from openpyxl import Workbook, load_workbook

from balances.columns import COLUMNS, Column
from balances.exports import xlsx
from balances.exports.cover import Fact
from balances.results import Row, Total

CAIRO = ZoneInfo("Africa/Cairo")
READ_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_NAMESPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def make_row(**values: Any) -> Row:
    """Make a row of a query's answer; amounts may be texts."""
    for name in ("available", "pending", "ledger"):
        if isinstance(values.get(name), str):
            values[name] = Decimal(values[name])
    plain: dict[str, Any] = {
        **dict.fromkeys(Row._fields, ""),
        **{"provider": "payiano", "slot": 3, "holder": "OWN", "counting": "LIVE", "state": "fresh"},
        **{"account_kind": "MERCHANT", "currency": "USD", "decimals": 2, "flags": ()},
        **dict.fromkeys(("available", "pending", "ledger", "missing_since", "changed_at")),
        **{"verified": True, "as_of": READ_AT, "fetched_at": READ_AT, "as_of_source": "PROVIDER"},
    }
    return Row(**{**plain, **values})


def written(
    rows: Sequence[Row],
    *,
    columns: Sequence[Column] = COLUMNS,
    totals: Iterable[Total] = (),
    about: Iterable[Fact] = (),
    zone: ZoneInfo = CAIRO,
) -> bytes:
    """Write a workbook whole."""
    return b"".join(xlsx.write(columns, rows, totals, about, count=lambda: len(rows), zone=zone))


def reopened(data: bytes) -> Workbook:
    """Open a workbook with openpyxl."""
    return load_workbook(BytesIO(data))


def table(data: bytes, sheet: str = "Balances") -> list[dict[str, Any]]:
    """Return a sheet's rows by their heads."""
    first, *rows = reopened(data)[sheet].iter_rows(values_only=True)
    heads = list(map(str, first))
    return [dict(zip(heads, map(_unescaped, row), strict=True)) for row in rows]


def facts(data: bytes) -> list[tuple[str, Any]]:
    """Return the names and values of the About sheet."""
    rows = reopened(data)["About"].iter_rows(values_only=True)
    return [(str(name), _unescaped(value)) for name, value in rows]


def _unescaped(value: Any) -> Any:
    """Read `_xHHHH_` as Excel does and openpyxl does not."""
    if not isinstance(value, str):
        return value
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), value)


@dataclass(frozen=True)
class RawCell:
    """One cell as its XML says it."""

    kind: str
    text: str
    format: Element
    number_format: str


def raw_cells(data: bytes, number: int = 1) -> dict[str, RawCell]:
    """Return the cells of the sheet of that number, by place."""
    with zipfile.ZipFile(BytesIO(data)) as parts:
        sheet = fromstring(parts.read(f"xl/worksheets/sheet{number}.xml"))
        styles = fromstring(parts.read("xl/styles.xml"))
    formats = styles.findall("m:cellXfs/m:xf", _NAMESPACE)
    codes = {
        code.get("numFmtId"): code.get("formatCode", "")
        for code in styles.findall("m:numFmts/m:numFmt", _NAMESPACE)
    }
    found = {}
    for cell in sheet.findall("m:sheetData/m:row/m:c", _NAMESPACE):
        shown = formats[int(cell.get("s", "0"))]
        found[cell.get("r", "")] = RawCell(
            kind=cell.get("t", "n"),
            text="".join(cell.itertext()),
            format=shown,
            number_format=codes.get(shown.get("numFmtId"), ""),
        )
    return found


def formulas(data: bytes) -> list[str]:
    """Name the parts of a workbook in which a formula stands."""
    with zipfile.ZipFile(BytesIO(data)) as parts:
        return [name for name in parts.namelist() if re.search(rb"<f[ >]", parts.read(name))]
