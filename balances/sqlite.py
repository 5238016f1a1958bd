"""Teach SQLite the one function that exact money needs of it."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from balances.fields import TotalField
from providers.money import PLACES, WHOLE_DIGITS


class _Sum:
    """Add stored amounts up as integers; the result is a stored total."""

    def __init__(self) -> None:
        self.total = 0
        self.count = 0

    def step(self, stored: Any, /) -> None:
        """Take one stored amount or none."""
        if stored is not None:
            self.total += int(stored)
            self.count += 1

    def finalize(self) -> str | None:
        """Return the total in TotalField's form."""
        if not self.count:
            return None
        scaled = self.total - self.count * 10 ** (WHOLE_DIGITS + PLACES)
        width = TotalField.whole_digits + PLACES + 1
        return f"{scaled + 10 ** (width - 1):0{width}d}"


def register_functions(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Give a new SQLite connection the exact sum; receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        raw: Any = connection.connection  # its published type knows aggregates of int alone
        raw.create_aggregate("AMOUNT_SUM", 1, _Sum)
