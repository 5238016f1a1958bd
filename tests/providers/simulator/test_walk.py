from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.simulator import walk

BASE = Decimal("123456.78")
# A change here makes every running demo jump.
KNOWN = ["128261.13", "128261.13", "122126.20", "119286.58"]


def _at(step: int, *, key: str = "7|payman|agent|USD", swing: int = 60) -> Decimal:
    return walk.amount_at(BASE, scale=2, swing=swing, key=key, step=step)


@given(st.integers(-10_000, 10**9), st.integers(0, 200), st.text(max_size=8))
def test_amount_is_bounded_and_exact_at_its_scale(step: int, swing: int, key: str) -> None:
    amount = _at(step, key=key, swing=swing)

    assert abs(amount - BASE) <= BASE * swing / 1000 + Decimal("0.01")
    assert amount.as_tuple().exponent == -2


def test_amount_depends_on_nothing_but_its_arguments() -> None:
    assert [_at(step) for step in range(50)] == [_at(step) for step in range(50)]


def test_known_amounts_never_change() -> None:
    assert [str(_at(step)) for step in (0, 1, 2016, 90_000)] == KNOWN


def test_money_moves_but_slowly() -> None:
    amounts = [_at(step) for step in range(2000)]

    assert len(set(amounts)) > 300
    assert max(abs(b - a) for a, b in pairwise(amounts)) < BASE / 50


def test_balances_move_apart_from_each_other() -> None:
    assert [_at(step, key="a") for step in range(9)] != [_at(step, key="b") for step in range(9)]


def test_zero_stays_zero() -> None:
    amount = walk.amount_at(Decimal("0.00"), scale=2, swing=60, key="k", step=5)

    assert str(amount) == "0.00"


def test_thirty_eight_digits_survive() -> None:
    huge = Decimal("12345678901234567890.123456789012345678")

    assert walk.amount_at(huge, scale=18, swing=0, key="k", step=1) == huge


@pytest.mark.parametrize("step", range(0, 40, 7))
def test_last_move_explains_the_amount(step: int) -> None:
    moved = walk.moved_step("7|payman|agent|USD", step=step)

    assert moved <= step
    assert _at(moved) == _at(step)
