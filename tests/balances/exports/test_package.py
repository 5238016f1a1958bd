import re
import struct
import zipfile
from io import BytesIO

from balances.columns import COLUMNS
from balances.exports import package, xlsx
from tests.balances.exports.sheets import CAIRO, make_row, written


def test_zip_is_sound_and_none_of_its_parts_is_in_the_64_bit_form() -> None:
    data = written([make_row(account_ref=f"r-{n}") for n in range(500)])

    with zipfile.ZipFile(BytesIO(data)) as parts:
        assert parts.testzip() is None
        for part in parts.infolist():
            signature, version = struct.unpack_from("<IH", data, part.header_offset)
            assert (signature, version) == (0x04034B50, 20)
            assert part.extra == b""


def test_mark_of_the_rows_place_is_gone() -> None:
    with zipfile.ZipFile(BytesIO(written([]))) as parts:
        assert [n for n in parts.namelist() if package.MARK.encode() in parts.read(n)] == []


def test_every_range_ends_at_the_last_row() -> None:
    with zipfile.ZipFile(BytesIO(written([make_row(), make_row()]))) as parts:
        texts = {name: parts.read(name).decode() for name in parts.namelist()}

    assert [name for name, text in texts.items() if str(package.LAST_ROW) in text] == []
    assert re.search(
        r"FilterDatabase[^<]*>'Balances'!\$A\$1:\$[A-Z]+\$3<", texts["xl/workbook.xml"]
    )


def test_file_leaves_in_small_chunks() -> None:
    rows = (make_row(public_id=f"{n:032x}", account_ref=f"{n * 7919:020x}") for n in range(5000))

    chunks = list(xlsx.write(COLUMNS, rows, [], [], count=lambda: 5000, zone=CAIRO))

    assert len(chunks) > 5
    assert max(map(len, chunks)) < 4 * package.CHUNK


def test_numbers_written_as_text_on_purpose_raise_no_warning() -> None:
    sheet = _sheet(written([make_row()]))

    heads = sheet[: sheet.index("</row>")]
    assert "ignoredError" not in _sheet(written([]))
    assert heads.count("<c ") == len(COLUMNS) + 3
    assert '<ignoredError sqref="N2:N2 P2:P2 R2:R2" numberStoredAsText="1"/>' in sheet


def _sheet(data: bytes) -> str:
    with zipfile.ZipFile(BytesIO(data)) as parts:
        return parts.read("xl/worksheets/sheet1.xml").decode()
