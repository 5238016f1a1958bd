"""Ask many things at a time, and hand the answers to the one thread that asked."""

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from providers.errors import ProviderError
from providers.http.limits import Limits
from providers.http.messages import Reply, Request

Answer = Reply | ProviderError
Ask = Callable[[Request, threading.Event], Answer]


def fan_out(
    requests: Iterable[Request], *, ask: Ask, beat: Callable[[], None], limits: Limits
) -> Generator[tuple[Request, Answer], None, None]:
    """Yield each request with its answer, as they come, a few in flight.

    Requests are drawn as there is room, so that any number of them takes the memory of a few.
    `beat` is called in this thread, before each request and while waiting. Closing the
    iterator cancels what has not been sent and waits for what has.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(limits.in_flight, thread_name_prefix="provider")
    pending: dict[Future[Answer], Request] = {}
    source = iter(requests)
    try:
        while True:
            # Twice the number in flight: the threads have work while the caller is at its own.
            while len(pending) < 2 * limits.in_flight and (request := next(source, None)):
                beat()
                pending[pool.submit(ask, request, stop)] = request
            if not pending:
                return
            for future in _done(pending, beat=beat, heartbeat=limits.heartbeat):
                yield pending.pop(future), future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _done(
    pending: dict[Future[Answer], Request], *, beat: Callable[[], None], heartbeat: float
) -> list[Future[Answer]]:
    """Wait for at least one answer; of several, the one asked first comes first."""
    while True:
        beat()
        done, _ = wait(pending, timeout=heartbeat, return_when=FIRST_COMPLETED)
        if done:
            return [future for future in pending if future in done]
