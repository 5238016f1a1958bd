"""Count simulated time in steps, from the wall clock, a file or by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """Tell the current step: followed from wall time since a fixed epoch, or held where it was set.

    Time: a step lasts `length`; followed steps depend on wall time alone, so a restart never goes back.
    """

    def __init__(
        self, *, length: timedelta, step: int | None = None, path: Path | None = None
    ) -> None:
        self.length = length
        self._held = step
        self._ahead = 0
        self._path = path

    @property
    def held(self) -> bool:
        """Say whether time stands still until it is moved by hand."""
        return self._held is not None or self._path is not None

    @property
    def keeps_itself(self) -> bool:
        """Say whether a file remembers the step, so that no journal needs to."""
        return self._path is not None

    def step(self) -> int:
        """Tell the step now."""
        if self._path is not None:
            return self._read(self._path)
        if self._held is not None:
            return self._held
        return (datetime.now(UTC) - EPOCH) // self.length + self._ahead

    def instant(self, step: int) -> datetime:
        """Tell when the step began, never later than now.

        Time: aware, UTC.
        """
        return min(EPOCH + step * self.length, datetime.now(UTC))

    def advance(self, steps: int) -> int:
        """Move time by the steps and tell the new step."""
        if self.held:
            self.hold(self.step() + steps)
        else:
            self._ahead += steps
        return self.step()

    def hold(self, step: int) -> None:
        """Stand still at the step."""
        if self._path is None:
            self._held = step
        else:
            self._path.write_text(f"{step}\n", encoding="ascii")

    def follow(self) -> None:
        """Go on with wall time."""
        self._held = None

    @staticmethod
    def _read(path: Path) -> int:
        try:
            return int(path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0
