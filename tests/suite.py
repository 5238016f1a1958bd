"""Run pytest on SQLite and PostgreSQL side by side (standard library only; `./run test` calls it)."""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster import cluster, die_with_parent, postgres_binaries

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")
ROOT_OF_TESTS = "PYTEST_DEBUG_TEMPROOT"


class Pytest:
    """One pytest process on one database; its lines are shown at once, or kept until asked."""

    def __init__(
        self, database: str, arguments: Sequence[str], environ: Mapping[str, str], *, shown: bool
    ) -> None:
        cache = f"cache_dir=var/pytest-{database}"
        command = [sys.executable, "-m", "pytest", "-o", cache, "--color", color(), *arguments]
        self.database, self.shown, self.lines = database, shown, list[str]()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line)
            if self.shown:
                print(line, end="", flush=True)

    def finish(self) -> int:
        """Wait for its end, show what was kept, and return its exit status."""
        status = self.process.wait()
        self.reader.join()
        if not self.shown:
            print("".join(self.lines), end="", flush=True)
        return status

    def verdict(self) -> str:
        """Count what passed and failed, from the last line of pytest."""
        last = next((line for line in reversed(self.lines) if re.search(r" in \d", line)), "")
        counts = {word: int(n) for n, word in re.findall(r"(\d+)(?:\x1b\[\S*?m)* ([a-z]+)", last)}
        failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
        skipped = f", {counts['skipped']} skipped" if counts.get("skipped") else ""
        return f"{self.database}: {counts.get('passed', 0)} passed, {failed} failed{skipped}"


def color() -> str:
    """Colour the output for a person alone."""
    return "yes" if sys.stdout.isatty() else "no"


def wanted_database(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Take `--database` out of pytest's arguments; without it both are wanted. Raises: SystemExit."""
    parser = argparse.ArgumentParser(
        prog="./run test", usage="%(prog)s [pytest arguments]", add_help=False, allow_abbrev=False
    )
    parser.add_argument("--database", choices=DATABASES, default="both")
    options, rest = parser.parse_known_args(arguments)
    return options.database, rest


def run_suite(arguments: list[str]) -> int:
    """Run the suite on SQLite and, beside it, what touches a database on PostgreSQL."""
    wanted, arguments = wanted_database(arguments)
    binaries = postgres_binaries()
    if wanted != "sqlite" and binaries is None:
        print("SKIPPED: this machine lacks PostgreSQL 15 or later; the suite runs on SQLite alone.")
        if os.environ.get("CI") or wanted == "postgresql":
            return 1
    with contextlib.ExitStack() as stack:
        runs = []
        # A root each: two processes that tidy the same one up trip over each other.
        roots = stack.enter_context(tempfile.TemporaryDirectory(prefix="dashboard-tests-"))
        for vendor in DATABASES:
            Path(roots, vendor).mkdir()
        if wanted != "postgresql":
            environ = {"DATABASE_URL": "sqlite:///:memory:", ROOT_OF_TESTS: f"{roots}/sqlite"}
            runs.append(Pytest("sqlite", arguments, environ, shown=True))
        if wanted != "sqlite" and binaries:
            url = stack.enter_context(cluster(binaries))
            environ = {"DATABASE_URL": url, ROOT_OF_TESTS: f"{roots}/postgresql"}
            once = ["--without-pure"] if runs else []
            runs.append(Pytest("postgresql", [*arguments, *once], environ, shown=not runs))
        return conclude(runs)


def conclude(runs: Sequence[Pytest]) -> int:
    """Print one verdict a database, and combine the statuses: 5 (nothing collected) fails only alone."""
    statuses = [run.finish() for run in runs]
    print()
    for run in runs:
        print(run.verdict(), flush=True)
    wrong = [status for status in statuses if status not in (0, 5)]
    return max(wrong, default=0 if 0 in statuses else 5)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run_suite(sys.argv[1:]))
