"""Remember what was asked, and how many requests of one key were under way at once."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

from providers.simulator.wire import Request

_SECRET_HEADERS = frozenset({"authorization", "x-payman-api-secret", "x-api-key", "cookie"})
_KEPT = 200_000


@dataclass(slots=True, kw_only=True)
class Entry:
    """Describe one request; `slot` is empty for an unknown key, `status` 0 until it was answered.

    Time: `at` is seconds since 1970 by this machine's clock, when the head had arrived.
    """

    provider: str
    slot: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float
    in_flight: int
    status: int = 0
    under_way: bool = True

    def plain(self) -> dict[str, Any]:
        """Give the entry as JSON can carry it."""
        return asdict(self)


class RequestLog:
    """Keep the latest requests, and counts over all; unknown keys count as `payman?` and so on."""

    def __init__(self) -> None:
        self._now: Counter[str] = Counter()
        self.clear()

    def clear(self) -> None:
        """Forget what was asked; requests under way stay counted as such."""
        self.entries: deque[Entry] = deque(maxlen=_KEPT)
        self.counts: Counter[tuple[str, int]] = Counter()
        self.max_in_flight: dict[str, int] = {}

    def begin(self, request: Request, *, slot: str) -> Entry:
        """Note a request whose head has arrived."""
        name = slot or f"{request.provider}?"
        self._now[name] += 1
        self.max_in_flight[name] = max(self._now[name], self.max_in_flight.get(name, 0))
        headers = {k: v for k, v in request.headers.items() if k not in _SECRET_HEADERS}
        entry = Entry(
            provider=request.provider,
            slot=slot,
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=headers,
            at=time.time(),
            in_flight=self._now[name],
        )
        self.entries.append(entry)
        return entry

    def end(self, entry: Entry, *, status: int) -> None:
        """Note once that its answer is sent, or that the connection ended without one (status 0)."""
        if not entry.under_way:
            return
        entry.under_way = False
        entry.status = status
        self._now[entry.slot or f"{entry.provider}?"] -= 1
        self.counts[entry.provider, status] += 1

    def peak(self, slot: str, *, seconds: float = 1.0) -> int:
        """Count the requests of the busiest span of that many seconds."""
        times = [entry.at for entry in self.entries if entry.slot == slot]
        most, start = 0, 0
        for end, at in enumerate(times):
            while at - times[start] >= seconds:
                start += 1
            most = max(most, end - start + 1)
        return most
