from datetime import UTC, datetime, timedelta
from pathlib import Path

from providers.simulator.clock import EPOCH, Clock
from providers.simulator.server import Simulator

MINUTES = timedelta(minutes=5)


def test_wall_time_gives_the_step() -> None:
    before = (datetime.now(UTC) - EPOCH) // MINUTES
    step = Clock(length=MINUTES).step()
    after = (datetime.now(UTC) - EPOCH) // MINUTES

    assert before <= step <= after


def test_two_clocks_on_wall_time_agree_so_a_restart_does_not_jump() -> None:
    long = timedelta(days=365)

    assert Clock(length=long).step() == Clock(length=long).step()


def test_held_clock_moves_only_by_hand() -> None:
    clock = Clock(length=MINUTES, step=10)

    assert (clock.step(), clock.advance(3), clock.step()) == (10, 13, 13)


def test_hold_and_follow() -> None:
    clock = Clock(length=MINUTES)
    now = clock.step()
    clock.hold(5)
    held = clock.step()
    clock.follow()

    assert held == 5
    assert clock.step() >= now


def test_advance_stays_ahead_of_wall_time() -> None:
    clock = Clock(length=MINUTES)

    assert clock.advance(100) - clock.step() <= 0
    assert clock.step() - Clock(length=MINUTES).step() >= 99


def test_clock_file_holds_the_step(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    clock = Clock(length=MINUTES, path=path)

    assert clock.step() == 0
    path.write_text("42\n")
    assert clock.step() == 42
    assert clock.advance(1) == 43
    assert path.read_text() == "43\n"


def test_no_instant_lies_ahead_of_now() -> None:
    clock = Clock(length=MINUTES, step=0)

    assert clock.instant(0) == EPOCH
    assert clock.instant(10**7) <= datetime.now(UTC)


def test_money_moves_with_the_clock_and_comes_back_with_it() -> None:
    simulator = Simulator("small", seed=7)
    before = simulator.truth("swipelux")
    simulator.advance(50)
    moved = simulator.truth("swipelux")
    simulator.advance(-50)

    assert moved != before
    assert simulator.truth("swipelux") == before
