import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.cluster import free_port
from tests.processes import ROOT, wait_for

FROM_SHELL = ("PATH", "HOME", "LANG")


class Demo:
    """One supervisor on a directory of its own."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self.log = directory / "supervisor.log"
        environ = {name: os.environ[name] for name in FROM_SHELL if name in os.environ}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", *arguments],
                cwd=ROOT,
                env={**environ, "DEMO": "true", "VAR_DIR": str(directory)},
                stdout=log,
                stderr=log,
                start_new_session=True,
                # As in a shell script's background: the demo must listen to SIGINT all the same.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )

    def address(self) -> str:
        """Wait for the address it prints."""
        wait_for(self._is_up, seconds=60, what="the demo")
        found = re.search(r"Open http://([\d.:]+)/", self.log.read_text())
        assert found, self.log.read_text()
        return found[1]

    def _is_up(self) -> bool:
        return self.process.poll() is not None or "Ctrl-C stops" in self.log.read_text()

    def members(self) -> list[int]:
        """Find every living process of this demo, however deep, by its environment."""
        mark = f"VAR_DIR={self.directory}".encode()
        return [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/environ")
            if _holds(path, mark)
        ]

    def end(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(timeout=20)

    def balances(self) -> int:
        """Count the balances in its database."""
        return len(self._column("SELECT id FROM balances_balance"))

    def labels(self) -> set[str]:
        """List what people called the accounts."""
        return set(self._column("SELECT display_name FROM balances_account"))

    def _column(self, query: str) -> list[str]:
        with closing(sqlite3.connect(self.directory / "db.sqlite3", timeout=5)) as database:
            return [row[0] for row in database.execute(query)]


def _holds(path: Path, mark: bytes) -> bool:
    try:
        return mark in path.read_bytes()
    except OSError:
        return False


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """Give a directory, and kill whatever a failed test left running on it."""
    directory = tmp_path / "var"
    directory.mkdir()
    yield directory
    mark = f"VAR_DIR={directory}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        if _holds(path, mark):
            os.kill(int(path.parent.name), signal.SIGKILL)


pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc tells which processes are the demo's"
)


def assert_long_addresses_are_ours(demo: Demo, web: HTTPConnection) -> None:
    """Ask with filters longer than gunicorn bears by itself, and then with one longer than all."""
    for times, status in ((400, 302), (1500, 400)):
        address = "/meridian/balances/?" + "&".join(["currency=USD"] * times)
        web.request("GET", address, headers={"HX-Current-URL": address, "Referer": address})
        answer = web.getresponse()
        assert answer.status == status
        assert "Content-Security-Policy" in answer.headers
        answer.read()
    web.request("GET", "/?" + "x" * 33_000)
    assert web.getresponse().status == 414
    web.close()
    lines = (demo.directory / "log" / "web.log").read_text().splitlines()
    assert {"level": "warning", "logger": "gunicorn.error"}.items() <= json.loads(lines[-1]).items()
    assert "currency=USD" not in "".join(lines)


def test_demo_reads_balances_and_leaves_nothing_behind_however_it_ends(var: Path) -> None:
    demo = Demo(var, "--port", str(free_port()))
    web = HTTPConnection(demo.address())

    web.request("GET", "/health/live")
    assert web.getresponse().status == 200
    web.close()
    assert_long_addresses_are_ours(demo, web)
    wait_for(lambda: demo.balances() >= 60, seconds=60, what="the first sync of every credential")
    wait_for(lambda: len(demo.members()) >= 9, what="all processes")
    wait_for(lambda: "Payout float" in demo.labels(), what="the names of Payiano's accounts")
    host, _, port = demo.address().partition(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: slow\r\n")
        demo.end(signal.SIGKILL)
        wait_for(lambda: demo.members() == [], seconds=10, what="the end of every child")

    kept = demo.balances()
    again = Demo(var, "--port", str(free_port()))
    again.address()
    assert again.balances() >= kept
    again.end(signal.SIGINT)
    assert again.process.returncode == 0
    assert again.members() == []


def test_taken_ports_are_replaced_aloud_and_the_credentials_follow(var: Path) -> None:
    first = Demo(var, "--port", str(free_port()))
    address = first.address()
    second_var = var.parent / "second"
    second_var.mkdir()

    second = Demo(second_var, "--port", address.rpartition(":")[2])
    try:
        assert second.address() != address
        assert "is taken; using" in second.log.read_text()
        wait_for(lambda: second.balances() >= 60, seconds=60, what="the first sync")
    finally:
        second.end(signal.SIGTERM)
        first.end(signal.SIGTERM)


def test_second_demo_of_the_same_data_is_refused(var: Path) -> None:
    first = Demo(var, "--port", str(free_port()))
    first.address()

    second = Demo(var)

    assert second.process.wait(timeout=30) == 1
    assert "A demo already runs" in second.log.read_text()
    first.end(signal.SIGTERM)
