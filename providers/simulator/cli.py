"""Start a simulator from the command line and serve until told to end."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event

from providers.simulator import control
from providers.simulator.clock import Clock
from providers.simulator.server import STEP, Simulator
from providers.simulator.worlds import WORLDS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, for this command and the management command alike."""
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--world", choices=list(WORLDS), default="small")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--step-seconds", type=float, default=STEP.total_seconds(), help="length of a step"
    )
    parser.add_argument(
        "--clock-file", type=Path, help="hold time at the step written in this file"
    )
    parser.add_argument("--state-file", type=Path, help="keep edits here, for the next start")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every answer")


def serve(
    *,
    port: int,
    world: str,
    seed: int,
    step_seconds: float,
    clock_file: Path | None,
    state_file: Path | None,
    latency: float,
) -> None:
    """Serve until SIGTERM or SIGINT; the first line written is JSON with addresses, keys and settings.

    Time: follows wall time, unless a clock file holds it.
    """
    clock = Clock(length=timedelta(seconds=step_seconds), path=clock_file)
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    simulator = Simulator(world, seed=seed, port=port, clock=clock, state=state_file)
    simulator.options.change(latency=latency)
    with simulator:
        sys.stdout.write(json.dumps(control.overview(simulator)) + "\n")
        sys.stdout.flush()
        ended.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m providers.simulator", description=__doc__)
    add_arguments(parser)
    serve(**vars(parser.parse_args(arguments)))
