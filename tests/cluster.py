"""Run a throw-away PostgreSQL, for the tests and the benchmarks (standard library only)."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LEAST = 15
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


def postgres_binaries(places: Sequence[str] = PLACES) -> Path | None:
    """Find the newest PostgreSQL (15 or later, for ICU) in these places: PATH, and where it is hidden."""
    found = {path.parent for place in places for path in Path("/").glob(f"{place[1:]}/initdb")}
    if places is PLACES and (path := shutil.which("initdb")):
        found.add(Path(path).resolve().parent)
    versions = {binaries: version for binaries in found if (version := _version(binaries)) >= LEAST}
    return max(versions, key=lambda binaries: versions[binaries], default=None)


def _version(binaries: Path) -> int:
    """Ask for the major version; 0 of what does not run."""
    try:
        told = subprocess.check_output([binaries / "initdb", "--version"], text=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\) (\d+)", told)
    return int(number[1]) if number else 0


def unprivileged() -> str | None:
    """Name whom PostgreSQL runs as: it refuses root."""
    return "postgres" if os.geteuid() == 0 else None


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Let Linux send this process a signal when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def free_port() -> int:
    """Find a loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def cluster(binaries: Path) -> Iterator[str]:
    """Run a fresh cluster with an ICU locale on loopback; yield its DATABASE_URL.

    The C locale would hide collation faults. Nothing is synced to disk, as nothing outlives it.
    """
    directory = Path(tempfile.mkdtemp(prefix="dashboard-pg-"))
    owner = unprivileged()
    if owner:
        shutil.chown(directory, user=owner, group=owner)
    locale = "--locale=C --locale-provider=icu --icu-locale=en-US --encoding=UTF8"
    make = f"{binaries}/initdb -D {directory}/data -U postgres --auth=trust --no-sync {locale}"
    subprocess.run(
        make.split(), check=True, cwd=directory, stdout=subprocess.DEVNULL, user=owner, group=owner
    )
    port = free_port()
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": directory,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "256MB",
        "max_connections": "200",
    }
    settings = [text for key, value in options.items() for text in ("-c", f"{key}={value}")]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", directory / "data", "-p", str(port), *settings],
            cwd=directory,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGQUIT),
            user=owner,
            group=owner,
        )
    try:
        await_cluster(binaries, port)
        yield f"postgres://postgres@127.0.0.1:{port}/dashboard"
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=30)
        shutil.rmtree(directory, ignore_errors=True)


def await_cluster(binaries: Path, port: int) -> None:
    """Wait until the cluster answers. Raises: TimeoutError after half a minute."""
    deadline = time.monotonic() + 30
    question = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(question, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL did not start")
        time.sleep(0.1)
