"""Hold the README to the product: what an operator may set, and which commands there are."""

import re

import pytest
from django.core.management import get_commands

from providers.connectors import CONNECTORS
from tests.processes import ROOT

README = (ROOT / "README.md").read_text()
OURS = ("balances", "providers", "providers.tenancy")
# Commands of one machine, which `./run` starts.
INNER = {"simulator"}


def variables() -> set[str]:
    """Gather the names that the settings read from the environment."""
    settings = (ROOT / "dashboard" / "settings.py").read_text()
    readers = "texts?|switch|seconds|whole|zone|log_level|database|cache|email"
    return set(re.findall(rf"\b(?:{readers})\(\s*\"([A-Z_]+)\"", settings))


def test_every_variable_stands_in_the_table() -> None:
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `"))

    assert len(variables()) > 20
    assert {name for name in variables() if f"`{name}`" not in table} == set()


@pytest.mark.parametrize("code", CONNECTORS)
def test_every_setting_and_secret_of_a_provider_is_named(code: str) -> None:
    told = README[README.index("Settings of a credential:") :]
    told = told[: told.index("\n\n")]

    missing = [field.name for field in CONNECTORS[code].fields if f"`{field.name}" not in told]

    assert missing == []


def test_every_command_is_in_the_table() -> None:
    commands = {name for name, app in get_commands().items() if app in OURS} - INNER

    assert commands
    assert {name for name in commands if f"| `./run manage {name}" not in README} == set()
