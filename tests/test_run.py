import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.cluster import postgres_binaries
from tests.processes import ROOT
from tests.suite import conclude, wanted_database


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load the program, at home in an empty directory."""
    loader = SourceFileLoader("run_program", str(ROOT / "run"))
    spec = spec_from_loader("run_program", loader)
    assert spec is not None
    program = module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(program)
    for name, path in {"ROOT": tmp_path, "VAR": tmp_path, "VENV": tmp_path / ".venv"}.items():
        monkeypatch.setattr(program, name, path)
    monkeypatch.setattr(program, "PYTHON", tmp_path / ".venv/bin/python")
    return program


def stamp(run: ModuleType, lock: str) -> None:
    run.PYTHON.parent.mkdir(parents=True, exist_ok=True)
    run.PYTHON.touch()
    (run.ROOT / lock).write_text("django==5.2.19")
    (run.VENV / f"{lock}.stamp").write_text(run.fingerprint(lock))


def test_stamped_environment_is_not_installed_again(run: ModuleType) -> None:
    stamp(run, run.RUNTIME)
    assert run.is_installed(run.RUNTIME)

    (run.ROOT / run.RUNTIME).write_text("django==5.2.20")
    assert not run.is_installed(run.RUNTIME)


def test_demo_is_content_with_the_development_lock(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp(run, run.DEVELOPMENT)
    monkeypatch.setattr(run.subprocess, "run", lambda *a, **k: pytest.fail(f"installs: {a}"))

    (run.ROOT / run.RUNTIME).write_text("django==5.2.19")

    run.install(run.RUNTIME)


@pytest.mark.parametrize(
    ("environ", "is_demo"),
    [
        ({}, True),
        ({"DATABASE_URL": "sqlite:////tmp/other.sqlite3"}, True),
        ({"DATABASE_URL": "postgres://db.example.com/dashboard"}, False),
        ({"SECRET_KEY": "a-key-of-the-operator"}, False),
        ({"DEBUG": "true"}, False),
    ],
    ids=["empty", "own-sqlite", "server", "own-key", "debug"],
)
def test_default_keys_are_lent_to_a_local_database_alone(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], is_demo: bool
) -> None:
    monkeypatch.setattr(run.os, "environ", environ)

    assert (run.local_environment().get("DEMO") == "true") is is_demo


def test_commands_find_the_running_demo(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    (run.VAR / "demo.env").write_text("DEMO=true\nPROVIDER_HOSTS=http://127.0.0.1:9101\n")
    monkeypatch.setattr(run.os, "environ", {})

    assert run.local_environment()["PROVIDER_HOSTS"] == "http://127.0.0.1:9101"


def test_unknown_command_shows_the_usage() -> None:
    shown = subprocess.run(
        [sys.executable, ROOT / "run", "fly"], capture_output=True, text=True, check=False
    )

    assert shown.returncode == 2
    assert "./run demo" in shown.stdout


class Ended:
    """Stand for a pytest process that ended."""

    def __init__(self, status: int) -> None:
        self.status = status

    def finish(self) -> int:
        return self.status

    def verdict(self) -> str:
        return f"ended {self.status}"


@pytest.mark.parametrize(
    ("statuses", "combined"),
    [((0, 0), 0), ((0, 1), 1), ((2, 0), 2), ((0, 5), 0), ((5, 5), 5), ((1, 2), 2)],
)
def test_the_worst_status_wins_and_nothing_collected_fails_only_alone(
    statuses: tuple[int, ...], combined: int
) -> None:
    assert conclude([Ended(status) for status in statuses]) == combined  # type: ignore[misc]  # a stand-in


@pytest.mark.parametrize(
    ("arguments", "wanted", "rest"),
    [
        (["-k", "x", "--full", "tests/a.py"], "both", ["-k", "x", "--full", "tests/a.py"]),
        (["--database", "sqlite", "-k", "x"], "sqlite", ["-k", "x"]),
        (["-q", "--database=postgresql"], "postgresql", ["-q"]),
    ],
)
def test_wanted_database_is_taken_out_of_pytests_arguments(
    arguments: list[str], wanted: str, rest: list[str]
) -> None:
    assert wanted_database(arguments) == (wanted, rest)


@pytest.mark.parametrize("given", [["--database"], ["--database", "x"], ["--database="]])
def test_other_databases_are_refused_in_words(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        wanted_database(["-q", *given])

    assert ended.value.code == 2
    assert "./run test: error: argument --database: " in capsys.readouterr().err


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[str, str], Path]:
    """Give the function that installs a PostgreSQL of some version in a directory of some name."""

    def install(name: str, version: str) -> Path:
        binaries = tmp_path / name / "bin"
        binaries.mkdir(parents=True)
        (binaries / "initdb").write_text(f"#!/bin/sh\necho 'initdb (PostgreSQL) {version}'\n")
        (binaries / "initdb").chmod(0o755)
        return binaries

    return install


def test_newest_postgresql_of_15_or_later_is_taken(
    installed: Callable[[str, str], Path], tmp_path: Path
) -> None:
    places = [str(tmp_path / "*" / "bin")]
    installed("99", "14.9 (Debian 14.9-1)")
    assert postgres_binaries(places) is None

    installed("15", "15.3")
    newest = installed("old-name", "17beta1")

    assert postgres_binaries(places) == newest


def test_broken_installation_of_postgresql_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "15" / "bin").mkdir(parents=True)
    (tmp_path / "15" / "bin" / "initdb").write_text("no program")

    assert postgres_binaries([str(tmp_path / "*" / "bin")]) is None
