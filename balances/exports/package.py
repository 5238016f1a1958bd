"""Stream a workbook that openpyxl has dressed, its sheets filled row by row.

openpyxl writes the workbook once, small: heads, widths, styles, and one marked row where a sheet's rows belong. Its
parts are copied into a zip that is sent as it grows; a marked sheet part is cut at its mark and filled.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from itertools import islice

from openpyxl import Workbook

MARK = "rows-stand-here"
# Where the number of the last row belongs until it is known: no sheet has a later one.
LAST_ROW = 1_048_576
CHUNK = 64 * 1024
ROWS_AT_ONCE = 200
# Excel refuses some zips in the 64-bit form, which a stream must choose before it knows a part's size. Rows of the
# usual kilobyte or two stay below the 2 GiB of the other form up to this many.
MOST_ROWS_OF_32_BITS = 500_000
FASTEST = 1  # zlib level: a third larger than level 6, and four times as fast
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"/>')
_END = b"</worksheet>"
_WORKBOOK = "xl/workbook.xml"


@dataclass(frozen=True)
class Filling:
    """What one marked sheet is filled with: its `<row>` elements.

    `reach` is the range they fill with the head, where it is known before. `digits` are ranges whose texts are
    numbers on purpose, of which Excel shall not warn.
    """

    elements: Iterable[str]
    count: int = 0
    reach: str = ""
    digits: str = ""


class _Sink(RawIOBase):
    """Collect what the zip writes until it is sent; it cannot be rewound."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        """Say that it takes bytes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all zipfile writes
        """Keep a copy of the bytes."""
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        """Return what has come since the last call."""
        taken = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return taken


def stream_workbook(
    book: Workbook, *, count: Callable[[], int], fillings: Callable[[int], Mapping[str, Filling]]
) -> Iterator[bytes]:
    """Yield the file's bytes; fillings are by sheet title, and asked for their rows in the sheets' order.

    The first bytes leave before the rows are counted. The number of the last, which stands below the head, takes the
    place of `LAST_ROW` wherever the workbook names a range.
    """
    template = BytesIO()
    book.save(template)
    sink = _Sink()
    with (
        zipfile.ZipFile(template) as source,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=FASTEST) as target,
    ):
        titles = {
            f"xl/worksheets/sheet{number}.xml": sheet.title
            for number, sheet in enumerate(book.worksheets, start=1)
        }
        for name in source.namelist():
            if name not in (*titles, _WORKBOOK):
                target.writestr(name, source.read(name))
        yield sink.take()
        number = count()
        target.writestr(_WORKBOOK, _reaching(source.read(_WORKBOOK), number + 1))
        filled = fillings(number)
        for name, title in titles.items():
            part = _reaching(source.read(name), number + 1)
            yield from _fill(target, sink, name=name, part=part, filling=filled[title])
    yield sink.take()


def _reaching(part: bytes, last: int) -> bytes:
    return part.replace(str(LAST_ROW).encode(), str(last).encode())


def _fill(
    target: zipfile.ZipFile, sink: _Sink, *, name: str, part: bytes, filling: Filling
) -> Iterator[bytes]:
    """Write one sheet part, its marked row replaced, and yield the zip's bytes as they come."""
    head, tail = _cut(part, filling)
    is_large = filling.count > MOST_ROWS_OF_32_BITS
    with target.open(name, "w", force_zip64=is_large) as out:
        out.write(head)
        elements = iter(filling.elements)
        while batch := "".join(islice(elements, ROWS_AT_ONCE)):
            out.write(batch.encode())
            if sink.size >= CHUNK:
                yield sink.take()
        out.write(tail)
    yield sink.take()


def _cut(part: bytes, filling: Filling) -> tuple[bytes, bytes]:
    """Return what stands before and after the rows, saying what the sheet will hold and not what the mark did."""
    mark = part.index(MARK.encode())
    head = part[: part.rindex(b"<row", 0, mark)]
    tail = part[part.index(b"</row>", mark) + len(b"</row>") :]
    # Readers trust a sheet's own word for how far it reaches; it may also say nothing.
    reach = f'<dimension ref="{filling.reach}"/>' if filling.reach else ""
    head = _DIMENSION.sub(reach.encode(), head)
    if filling.digits:
        ignored = f'<ignoredErrors><ignoredError sqref="{filling.digits}" numberStoredAsText="1"/></ignoredErrors>'
        tail = tail.replace(_END, ignored.encode() + _END)
    return head, tail
