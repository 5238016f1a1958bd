"""Start the demo's processes, watch them, and leave none behind, however the supervisor ends."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 4
LOOPBACK = "127.0.0.1"


class ChildEnded(RuntimeError):
    """Report a process that ended by itself; the demo is nothing without it."""

    def __init__(self, name: str, *, status: int, log: Path) -> None:
        """Say which, how, and where its last words are."""
        super().__init__(f"The {name} ended with status {status}; see {log}.")


def is_free(port: int) -> bool:
    """Tell whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int) -> int:
    """Take the wanted port, or any free one when somebody else has it; 0 wants any."""
    if wanted and is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def die_with(supervisor: int) -> None:
    """Have Linux kill this new process with its supervisor, which may just have died."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os.kill(os.getpid(), signal.SIGKILL)


class Supervisor:
    """Own the children: each in a session of its own, so that Ctrl-C reaches the supervisor alone."""

    def __init__(self, directory: Path, *, environ: Mapping[str, str]) -> None:
        """Keep logs and the pid file under `directory`."""
        self.logs = directory / "log"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.pids = directory / "demo.pids"
        self.environ = {**os.environ, **environ}
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, arguments: Sequence[str | Path]) -> None:
        """Start a child; what it writes goes to a log of its name."""
        supervisor = os.getpid()
        with self._log(name).open("ab") as log:
            self.children[name] = subprocess.Popen(
                arguments,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: die_with(supervisor),
            )
        self.pids.write_text("".join(f"{child.pid}\n" for child in self.children.values()))

    def python(self, name: str, *arguments: str) -> None:
        """Start a child that is a Python module with arguments."""
        self.start(name, [sys.executable, "-m", *arguments])

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def check(self) -> None:
        """Look whether all still run. Raises: ChildEnded."""
        for name, child in self.children.items():
            if child.poll() is not None:
                raise ChildEnded(name, status=child.returncode, log=self._log(name))

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 45) -> None:
        """Wait until the condition holds. Raises: ChildEnded, TimeoutError."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"The demo did not come up in {seconds:.0f} s; see {self.logs}.")
            time.sleep(0.05)

    def watch(self, step: Callable[[], None]) -> None:
        """Stay until a signal or a dead child, taking a step twice a second. Raises: ChildEnded."""
        while True:
            self.check()
            step()
            time.sleep(0.5)

    def stop(self) -> None:
        """Ask all to end, last started first, and kill after a few seconds what has not."""
        for child in reversed(self.children.values()):
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=max(0.05, deadline - time.monotonic()))
        for child in self.children.values():
            # The whole group: a pool process may outlive the worker that led it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.pids.unlink(missing_ok=True)


def end_leftovers(pids: Path) -> None:
    """Kill children of a supervisor that was killed where no parent-death signal exists.

    A number may have been given to a stranger since, so only our own commands are ended.
    """
    for pid in _leftovers(pids):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    pids.unlink(missing_ok=True)


def _leftovers(pids: Path) -> Iterator[int]:
    root = str(Path(__file__).resolve().parents[2])
    for line in pids.read_text().split() if pids.exists() else ():
        command = subprocess.run(
            ["ps", "-o", "command=", "-p", line], capture_output=True, text=True, check=False
        )
        if root in command.stdout:
            yield int(line)
