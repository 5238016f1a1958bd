"""Keep edits in a file, one JSON line each, so that a restarted server has the world it had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from providers.simulator.edits import Edit


class Journal:
    """Append edits to a file and read them back; without a path it keeps nothing."""

    def __init__(self, path: Path | None, *, world: str, seed: int) -> None:
        self._path = path
        self._head = {"world": world, "seed": seed}

    def load(self) -> Iterator[Edit]:
        """Read the edits in their order, first cutting off a last line that a crash left unfinished.

        Raises: ValueError when the file belongs to another world or seed.
        """
        if self._path is None or not self._path.exists():
            return
        *lines, unfinished = self._path.read_text(encoding="utf-8").split("\n")
        if unfinished:
            self._path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        for number, line in enumerate(lines):
            record = json.loads(line)
            if number:
                yield record
            elif record != self._head:
                raise ValueError(f"{self._path} keeps edits of {record}, not of {self._head}")

    def append(self, edit: Edit) -> None:
        """Write one edit to the end of the file."""
        if self._path is None:
            return
        start = "" if self._path.exists() else json.dumps(self._head) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(start + json.dumps(edit) + "\n")
