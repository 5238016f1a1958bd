"""Stream a workbook that openpyxl has dressed, its sheets filled row by row.

openpyxl writes the workbook once, small: heads, widths, styles, and one marked row where a sheet's rows belong. Its
parts are copied into a zip that is sent as it grows; a marked sheet part is cut at its mark and filled.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO, RawIOBase

from openpyxl import Workbook

MARK = "rows-stand-here"
CHUNK = 64 * 1024
ROWS_AT_ONCE = 200
# Readers trust a sheet's own word for how far it reaches.
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"/>')
FASTEST = 1  # zlib level: a third larger than level 6, and four times as fast


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


def stream_workbook(book: Workbook, *, rows: Mapping[str, Iterable[str]]) -> Iterator[bytes]:
    """Yield the file's bytes.

    `rows` gives each marked sheet, by title, its `<row>` elements; the sheet's filter says how far they
    reach. The first bytes leave before the first row is read.
    """
    template = BytesIO()
    book.save(template)
    sink = _Sink()
    with (
        zipfile.ZipFile(template) as source,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=FASTEST) as target,
    ):
        filled = {
            f"xl/worksheets/sheet{number}.xml": (sheet.auto_filter.ref, rows[sheet.title])
            for number, sheet in enumerate(book.worksheets, start=1)
            if sheet.title in rows
        }
        plain = [name for name in source.namelist() if name not in filled]
        for name in plain:
            target.writestr(name, source.read(name))
        yield sink.take()
        for name, (reach, elements) in filled.items():
            part = _DIMENSION.sub(f'<dimension ref="{reach}"/>'.encode(), source.read(name))
            yield from _fill(target, sink, name=name, part=part, elements=elements)
    yield sink.take()


def _fill(
    target: zipfile.ZipFile, sink: _Sink, *, name: str, part: bytes, elements: Iterable[str]
) -> Iterator[bytes]:
    """Write one sheet part, its marked row replaced, and yield the zip's bytes as they come."""
    mark = part.index(MARK.encode())
    start = part.rindex(b"<row", 0, mark)
    end = part.index(b"</row>", mark) + len(b"</row>")
    with target.open(name, "w", force_zip64=True) as out:
        out.write(part[:start])
        for batch in _batches(elements):
            out.write("".join(batch).encode())
            if sink.size >= CHUNK:
                yield sink.take()
        out.write(part[end:])
    yield sink.take()


def _batches(elements: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for element in elements:
        batch.append(element)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    yield batch
