"""Decide which requests go wrong."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from providers.simulator.naming import digest
from providers.simulator.spoil import KINDS
from providers.simulator.wire import Request


@dataclass(slots=True, kw_only=True)
class Fault:
    """Describe one way to go wrong, and for which requests.

    `path` is a pattern for the path below the provider's prefix, `slot` one for the key's slot. The first `after`
    matching requests pass; then each is hit with the probability, drawn from the seed, until `count` were hit.
    What `status`, `seconds`, `text`, `number` and `headers` mean depends on the kind: see `spoil.KINDS`.
    """

    kind: str
    provider: str = "*"
    path: str = "*"
    slot: str = "*"
    count: int | None = None
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    status: int = 0
    seconds: float = 0.0
    text: str = ""
    number: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = 0
    hits: int = 0
    id: int = 0

    def hit(self, request: Request, *, slot: str) -> bool:
        """Say whether this request goes wrong, and count it."""
        if not self._matches(request, slot=slot):
            return False
        self.seen += 1
        chance = digest(self.seed, self.kind, self.seen) / 2**64
        wanted = self.seen > self.after and chance < self.probability
        spent = self.count is not None and self.hits >= self.count
        self.hits += wanted and not spent
        return wanted and not spent

    def _matches(self, request: Request, *, slot: str) -> bool:
        return (
            fnmatchcase(request.provider, self.provider)
            and fnmatchcase(request.path, self.path)
            and fnmatchcase(slot, self.slot)
        )

    def plain(self) -> dict[str, Any]:
        """Give the fault as JSON can carry it."""
        return asdict(self)


_FIELDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("provider", "path", "slot", "text"), str),
    **dict.fromkeys(("after", "seed", "status", "number"), int),
    **dict.fromkeys(("probability", "seconds"), (int, float)),
    "count": (int, type(None)),
    "headers": dict,
}


class FaultBook:
    """Hold the faults in force."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, kind: str, **fields: Any) -> Fault:
        """Put a fault in force.

        Raises: ValueError for a kind or a field there is not.
        """
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are {', '.join(KINDS)}")
        for name, value in fields.items():
            if name not in _FIELDS or not isinstance(value, _FIELDS[name]):
                raise ValueError(f"a fault takes no {name} of {value!r}")
        fault = Fault(kind=kind, id=next(self._ids), **fields)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        self.faults.clear()

    def hit(self, request: Request, *, slot: str) -> list[Fault]:
        """List the faults that befall this request."""
        return [fault for fault in self.faults if fault.hit(request, slot=slot)]
