from decimal import Decimal

import pytest

from balances.closings.lines import Axis, axis_of, gaps, line


def decimals(*texts: str | None) -> list[Decimal | None]:
    return [None if text is None else Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["1825697", "1955000"], ["1.8m", "1.85m", "1.9m", "1.95m", "2m"]),
        (["900000", "18000000"], ["0", "5m", "10m", "15m", "20m"]),
        (["-300", "200"], ["−400", "−200", "0", "200"]),
        (["0"], ["0", "1", "2", "3", "4"]),
        (["5"], ["4", "4.5", "5", "5.5", "6"]),
        (["4100000000", "9000000000"], ["0", "2.5bn", "5bn", "7.5bn", "10bn"]),
        (["250000.10", "250000.35"], ["250.0001k", "250.0002k", "250.0003k", "250.0004k"]),
    ],
)
def test_axis_has_round_marks_in_short_form(values: list[str], labels: list[str]) -> None:
    assert axis_of(map(Decimal, values)).labels == labels


def test_axis_holds_amounts_beyond_any_float() -> None:
    axis = axis_of([Decimal("99999999999999999999.000000000000000001"), Decimal("1e20")])

    assert axis.low < Decimal("99999999999999999999.000000000000000001") < axis.high


def test_line_breaks_where_nothing_was_confirmed() -> None:
    axis = Axis(low=Decimal(0), high=Decimal(10))
    drawn = line(
        decimals("0", "5", None, "10", None, "0", "0"),
        axis=axis,
        width=60,
        top=Decimal(0),
        bottom=Decimal(200),
    )

    assert drawn.path == "M0.0 200.0L10.0 100.0M30.0 0.0h0M50.0 200.0L60.0 200.0"
    assert drawn.end == (Decimal(60), Decimal(200))


def test_gaps_reach_from_the_last_figure_to_the_next() -> None:
    figures = decimals(None, "1", None, None, "1", "2", None)

    assert [list(map(int, gap)) for gap in gaps(figures, width=60)] == [[0, 10], [10, 30], [50, 10]]
    assert gaps(decimals("1", "2"), width=60) == []
    assert [list(map(int, gap)) for gap in gaps(decimals(None, None), width=60)] == [[0, 60]]
