import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dashboard.demo import processes
from dashboard.demo.processes import ChildEnded, Supervisor
from tests.processes import wait_for

ROOT = Path(__file__).resolve().parents[2]
# A supervisor whose child has a child of its own, as a Celery worker has.
LONE_SUPERVISOR = """
import sys
from pathlib import Path
from dashboard.demo.processes import Supervisor
supervisor = Supervisor(Path(sys.argv[1]), environ={})
supervisor.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"])
print(supervisor.children["sleeper"].pid, flush=True)
supervisor.watch(lambda: None)
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, environ={})
    yield made
    made.stop()


def test_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        chosen = processes.choose_port(taken)

    assert chosen != taken
    assert processes.is_free(chosen)


def test_free_port_is_taken_as_wanted() -> None:
    port = processes.choose_port(0)

    assert processes.choose_port(port) == port


@pytest.mark.parametrize("port", ["99999", "65536", "-5", "x"])
def test_what_is_no_port_is_refused_cleanly(port: str) -> None:
    with pytest.raises(CommandError, match="a port is a number from 0 to 65535"):
        call_command("demo", "--port", port)


def test_stop_ends_even_who_does_not_listen(supervisor: Supervisor) -> None:
    stubborn = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    supervisor.start("polite", [sys.executable, "-c", "import time; time.sleep(600)"])
    supervisor.start("stubborn", [sys.executable, "-c", stubborn])
    pids = [child.pid for child in supervisor.children.values()]

    supervisor.stop()

    assert [pid for pid in pids if is_alive(pid)] == []
    assert not supervisor.pids.exists()


def test_child_that_ends_by_itself_is_named_with_its_log(supervisor: Supervisor) -> None:
    supervisor.start("broker", [sys.executable, "-c", "raise SystemExit(3)"])

    with pytest.raises(ChildEnded, match=r"The broker ended with status 3; see .*broker\.log"):
        supervisor.watch(lambda: None)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_killed_supervisor_leaves_no_child(tmp_path: Path) -> None:
    lone = subprocess.Popen(
        [sys.executable, "-c", LONE_SUPERVISOR, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert lone.stdout is not None
    with lone.stdout:
        child = int(lone.stdout.readline())
    assert is_alive(child)

    lone.kill()
    lone.wait()

    wait_for(lambda: not is_alive(child), seconds=5, what="the end of the child")


def test_leftovers_of_a_pid_file_are_ended_and_strangers_spared(tmp_path: Path) -> None:
    sleep = "import time; time.sleep(600)"
    ours = subprocess.Popen([sys.executable, "-c", sleep, str(ROOT)], start_new_session=True)
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    pids = tmp_path / "demo.pids"
    pids.write_text(f"{ours.pid}\n{stranger.pid}\n")

    processes.end_leftovers(pids)

    assert ours.wait(timeout=5) == -signal.SIGKILL
    assert stranger.poll() is None
    assert not pids.exists()
    os.kill(stranger.pid, signal.SIGKILL)
    stranger.wait()
