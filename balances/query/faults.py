"""Say what in a question was not understood; such a question is answered by nothing."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Hold one thing not understood: where, its code, and the sentence for people."""

    path: str
    code: str
    message: str


class QueryError(ValueError):
    """Carry every fault of a question; `path`, `code` and `message` are those of the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults in the order in which they were met."""
        self.faults = list(faults)
        super().__init__("; ".join(f"{fault.path}: {fault.message}" for fault in self.faults))

    @classmethod
    def one(cls, path: str, code: str, message: str) -> "QueryError":
        """Build the error of a single fault."""
        return cls([Fault(path, code, message)])

    @property
    def path(self) -> str:
        """Return where the first fault lies: a parameter's name."""
        return self.faults[0].path

    @property
    def code(self) -> str:
        """Return what kind of fault the first is."""
        return self.faults[0].code

    @property
    def message(self) -> str:
        """Return the first fault's sentence."""
        return self.faults[0].message
