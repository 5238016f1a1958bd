"""Measure what we promise: variants in turn inside one run, reported as medians of ratios.

A benchmark is a module here with `def main() -> None` and, unless SQLite alone will do, a literal
`DATABASES = ("sqlite", "postgresql")`. `./run bench NAME` runs each in a process of its own with a fresh, migrated
database. Absolute times are printed for orientation; only ratios inside one run mean anything.
"""

import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path


def seconds(work: Callable[[], object]) -> float:
    """Time one call, on the monotonic clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(
    title: str,
    variants: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 5,
    before: Callable[[], object] | None = None,
) -> dict[str, float]:
    """Run the variants in turn, `rounds` times, and print each against the first one.

    `before` runs untimed ahead of each call, to put the data back. Returns the median ratio by name.
    """
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, work in variants.items():
            if before:
                before()
            times[name].append(seconds(work))
    base = times[next(iter(variants))]
    print(f"\n{title} ({rounds} rounds)")
    ratios = {}
    for name, taken in times.items():
        ratios[name] = statistics.median(t / b for t, b in zip(taken, base, strict=True))
        print(f"  {name:<44} {statistics.median(taken) * 1000:>10.1f} ms {ratios[name]:>8.3f} ×")
    return ratios


def promise(name: str, measured: float, *, at_most: float, unit: str = "×") -> None:
    """Print whether a measured figure keeps its promise."""
    verdict = "kept" if measured <= at_most else "BROKEN"
    told, most = f"{measured:.3g} {unit}".strip(), f"{at_most:g} {unit}".strip()
    print(f"  promise {name}: {told}, at most {most}: {verdict}")


def peak_memory() -> float:
    """Return the most memory this process ever held, in MB.

    Linux tells it of the program alone; elsewhere a parent's may show through, so measure in a small parent's child.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1000
