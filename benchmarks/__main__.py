"""Run benchmarks by name, or all, each in a fresh process on a fresh database."""

import ast
import contextlib
import importlib.util
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import benchmarks
from tests.cluster import cluster, postgres_binaries

ROOT = Path(__file__).resolve().parent.parent
START = """
import sys, importlib, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
importlib.import_module(sys.argv[1]).main()
"""


def databases(name: str) -> tuple[str, ...]:
    """Read a benchmark's `DATABASES` without importing it, since Django is not set up here."""
    spec = importlib.util.find_spec(name)
    source = Path(str(spec.origin)).read_text() if spec else ""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DATABASES":
            return tuple(ast.literal_eval(node.value))
    return ("sqlite",)


def run(name: str, vendor: str) -> int:
    """Run one benchmark on one database vendor; its output is the report."""
    print(f"\n=== {name} on {vendor}", flush=True)
    with contextlib.ExitStack() as stack:
        if vendor == "sqlite":
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
            url = f"sqlite:///{directory}/bench.sqlite3"
        elif binaries := postgres_binaries():
            url = stack.enter_context(cluster(binaries)).rpartition("/")[0] + "/postgres"
        else:
            print("SKIPPED: this machine lacks PostgreSQL 15 or later.")
            return 0
        environ = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "LOG_LEVEL": "WARNING",
        }
        command = [sys.executable, "-c", START, f"benchmarks.{name}"]
        return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def main(names: list[str]) -> int:
    """Run what is named, and return the worst status."""
    names_here = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    known = {name for name in names_here if not name.startswith("_")}
    wanted = names or sorted(known)
    if unknown := set(wanted) - known:
        print(
            f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}."
        )
        return 2
    return max(
        (run(name, vendor) for name in wanted for vendor in databases(f"benchmarks.{name}")),
        default=0,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
