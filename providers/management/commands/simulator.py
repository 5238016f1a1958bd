"""Start the providers' simulator alone: `manage.py simulator --port 9101 --world demo`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from providers.simulator import cli

_OWN = ("port", "world", "seed", "step_seconds", "clock_file", "state_file", "latency")


class Command(BaseCommand):
    """Serve the three providers' contracts on loopback until ended."""

    help = "Serve the three providers' contracts on 127.0.0.1, with made-up money."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own class attribute

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of the simulator's own command line."""
        cli.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; the first line of output is JSON with addresses, keys and settings."""
        cli.serve(**{name: options[name] for name in _OWN})
