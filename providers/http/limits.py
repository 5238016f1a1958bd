"""Bound what one request may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Hold the caps of a client; tests scale them down.

    Time: seconds. `deadline` is for one whole try, connecting included; `heartbeat` is the
    longest a caller of `Client.each` waits without `before_request` being called.
    """

    deadline: float = 20.0
    connect: float = 5.0
    body_bytes: int = 8 * 1024 * 1024
    header_bytes: int = 64 * 1024
    header_count: int = 200
    in_flight: int = 4
    tries: int = 3
    first_backoff: float = 0.5
    last_backoff: float = 8.0
    heartbeat: float = 2.0


LIMITS = Limits()
