"""Show the product on one machine: `./run demo [--reset] [--port N]`."""

import fcntl
import shutil
import signal
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from dashboard.demo import processes, seed
from dashboard.demo.naming import Naming
from dashboard.demo.stack import Stack

LAST_PORT = 65_535


class Command(BaseCommand):
    """Migrate, seed, start every process, say where to go, and stop all of them in the end."""

    help = "Run the whole product on this machine, with simulated providers and seeded data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--port", type=port_of, default=8000, help="the web port to try first")
        parser.add_argument("--reset", action="store_true", help="begin anew, without kept data")

    def handle(self, *args: Any, port: int, reset: bool, **options: Any) -> None:
        """Run until Ctrl-C, a signal, or the end of a process. Raises: CommandError."""
        if not settings.DEMO:
            raise CommandError("The demo has its own settings; start it with ./run demo.")
        with hold_lock(settings.VAR_DIR / "demo.lock"):
            processes.end_leftovers(settings.VAR_DIR / "demo.pids")
            if reset:
                clear(settings.VAR_DIR)
            # A shell without job control starts background programs deaf to SIGINT.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.default_int_handler)
            self.run(port)

    def run(self, port: int) -> None:
        """Start, serve and stop."""
        stack = Stack(settings.VAR_DIR, port=port, say=self.say)
        try:
            stack.start_services()
            call_command("migrate", verbosity=0)
            stack.start_product()
            # This process read its settings before the simulator's address was known.
            settings.PROVIDER_HOSTS = [stack.simulator_url]
            seed.move(stack.simulator_url)
            naming = Naming(seed.fill(stack.simulator_url))
            stack.await_web()
            self.welcome(stack.url)
            stack.watch(naming.step)
        except KeyboardInterrupt:
            self.say("Stopping …")
        except (processes.ChildEnded, TimeoutError) as fault:
            raise CommandError(str(fault)) from fault
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            stack.stop()

    def say(self, text: str) -> None:
        """Write a line at once, since others may be waiting for it."""
        self.stdout.write(text)
        self.stdout.flush()

    def welcome(self, url: str) -> None:
        """Print the address and who can sign in."""
        people = [
            f"    {seed.email(tenant, role=role):<28} {role.label:<8} {tenant.name}"
            for tenant in seed.TENANTS
            for role, _ in tenant.people
        ]
        lines = ["", f"  Open {url}", f"  Sign in with the password {seed.PASSWORD} as", *people]
        lines += ["", "  Data and logs are kept in var/. Ctrl-C stops everything.", ""]
        self.say("\n".join(lines))


def port_of(text: str) -> int:
    """Read a port; 0 lets the system choose one. Raises: ArgumentTypeError."""
    if not (text.isascii() and text.isdigit()) or int(text) > LAST_PORT:
        raise ArgumentTypeError(f"a port is a number from 0 to {LAST_PORT}, not {text!r}")
    return int(text)


def clear(directory: Path) -> None:
    """Remove what a demo keeps."""
    for name in ("db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm", "demo.env", "simulator.jsonl"):
        (directory / name).unlink(missing_ok=True)
    for name in ("files", "mail", "log"):
        shutil.rmtree(directory / name, ignore_errors=True)


def hold_lock(path: Path) -> TextIO:
    """Let one demo run from a checkout; the lock ends with this process. Raises: CommandError."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        raise CommandError("A demo already runs from this checkout.") from fault
    return lock
