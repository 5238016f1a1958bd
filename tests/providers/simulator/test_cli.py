import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.simulator.server import Simulator

ROOT = Path(__file__).parents[3]


@contextmanager
def _running(*command: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


@pytest.mark.parametrize(
    "command", [("-m", "providers.simulator"), ("manage.py", "simulator")], ids=["module", "manage"]
)
def test_command_says_where_it_is_and_ends_cleanly(command: tuple[str, ...]) -> None:
    with _running(*command, "--world", "demo", "--seed", "3") as (process, said):
        seen = httpx.get(said["url"] + "/_control/", trust_env=False).json()

    assert process.returncode == 0
    assert said["secrets"] == seen["secrets"] == Simulator("demo", seed=3).secrets
    assert not said["held"]


def test_clock_file_and_state_file(tmp_path: Path) -> None:
    clock, state = tmp_path / "clock", tmp_path / "state"
    clock.write_text("12")
    options = ("--clock-file", str(clock), "--state-file", str(state))
    with _running("-m", "providers.simulator", *options) as (_, said):
        edit = {"action": "revoke_key", "slot": "payman"}
        httpx.post(said["url"] + "/_control/edit", json=edit, trust_env=False).raise_for_status()

    assert said["step"] == 12
    assert "revoke_key" in state.read_text()
