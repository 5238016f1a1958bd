"""Turn figures by day into lines: an axis with round marks, gaps that stay gaps, exact until the last step.

Geometry is in the units of an SVG view box; a figure of None is not drawn, and what lies between is a gap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from balances.fields import EXACT

TENTH = Decimal("0.1")
STEPS = tuple(map(Decimal, ("1", "2", "2.5", "5", "10")))
SPACES = 4
UNITS = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))
Figures = Sequence[Decimal | None]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The span of one chart and its marks, lowest first; Units: natural units of one currency."""

    low: Decimal
    high: Decimal
    marks: tuple[Decimal, ...] = ()

    @property
    def labels(self) -> list[str]:
        """Return the marks in their short form: 1.9m, 250k."""
        return short(self.marks)

    def height(self, value: Decimal) -> Decimal:
        """Return a value's place between the bottom, 0, and the top, 1."""
        span = EXACT.subtract(self.high, self.low)
        return EXACT.divide(EXACT.subtract(value, self.low), span) if span else Decimal("0.5")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One drawn line; `end` is where it ends, None when its last day is a gap."""

    path: str
    end: tuple[Decimal, Decimal] | None


def axis_of(values: Iterable[Decimal]) -> Axis:
    """Choose round marks around the values; zero is one of them unless that would flatten the line."""
    found = list(values) or [Decimal(0)]
    low, high = min(found), max(found)
    if low == high:
        room = EXACT.divide(abs(high), 5)
        low, high = EXACT.subtract(low, room), EXACT.add(high, room or SPACES)
    if 0 <= low <= high / 2:
        low = Decimal(0)
    step = _step(EXACT.subtract(high, low))
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = max((high / step).to_integral_value(ROUND_CEILING), first + 1)
    marks = tuple(EXACT.multiply(step, first + n) for n in range(int(last - first) + 1))
    return Axis(low=marks[0], high=marks[-1], marks=marks)


def tight_axis(values: Iterable[Decimal]) -> Axis:
    """Span just the values, for a line without marks."""
    found = list(values)
    return Axis(low=min(found), high=max(found))


def _step(span: Decimal) -> Decimal:
    """Return the round number of which about four make the span."""
    raw = EXACT.divide(span, SPACES)
    power = Decimal(1).scaleb(raw.adjusted())
    return next(EXACT.multiply(power, step) for step in STEPS if power * step >= raw)


def short(marks: Sequence[Decimal]) -> list[str]:
    """Write the marks of an axis in one unit."""
    most = max((abs(mark) for mark in marks), default=Decimal(0))
    size, unit = next(((s, u) for s, u in UNITS if most >= s), (Decimal(1), ""))
    return [_short(EXACT.divide(mark, size), unit) for mark in marks]


def _short(value: Decimal, unit: str) -> str:
    text = f"{value.normalize(EXACT):,f}".replace("-", "−")
    return f"{text}{unit}" if value else "0"


def line(figures: Figures, *, axis: Axis, width: int, top: Decimal, bottom: Decimal) -> Line:
    """Draw figures at even spaces over the width; days without a figure break the line."""
    points = [
        None if value is None else (_at(n, len(figures), width), _y(value, axis, top, bottom))
        for n, value in enumerate(figures)
    ]
    parts = []
    for n, point in enumerate(points):
        if point is None:
            continue
        is_start = n == 0 or points[n - 1] is None
        parts.append(f"{'M' if is_start else 'L'}{point[0]} {point[1]}")
        if is_start and (n + 1 == len(points) or points[n + 1] is None):
            parts.append("h0")  # a day alone is a dot
    return Line(path="".join(parts), end=points[-1] if points else None)


def gaps(figures: Figures, *, width: int) -> list[tuple[Decimal, Decimal]]:
    """Return place and width of every stretch without a figure, from the day before it to the day after."""
    drawn = [n for n, value in enumerate(figures) if value is not None]
    ends = [0, *drawn, len(figures) - 1]
    edges = dict.fromkeys(
        (a, b)
        for n, (a, b) in enumerate(pairwise(ends))
        if b - a > (1 if 0 < n < len(ends) - 2 else 0)
    )
    places = [(_at(a, len(figures), width), _at(b, len(figures), width)) for a, b in edges]
    return [(x, end - x) for x, end in places]


def _at(n: int, count: int, width: int) -> Decimal:
    return (Decimal(n * width) / max(count - 1, 1)).quantize(TENTH, ROUND_HALF_EVEN)


def _y(value: Decimal, axis: Axis, top: Decimal, bottom: Decimal) -> Decimal:
    place = EXACT.multiply(EXACT.subtract(bottom, top), axis.height(value))
    return EXACT.subtract(bottom, place).quantize(TENTH, ROUND_HALF_EVEN)
