"""Run the simulator: `python -m providers.simulator --port 9101 --world demo`."""

from __future__ import annotations

from providers.simulator.cli import main

main()
