"""Move money believably: an amount is a pure function of seed, account and step of simulated time.

No step depends on the one before it, so any instant is answered at once and a restart cannot jump back. The value is
noise in four octaves (a week, a day, two hours, one step of five minutes) around a base, at most a stated part of it.
"""

from __future__ import annotations

from decimal import Context, Decimal

from providers.simulator.naming import digest

# The default context keeps 28 digits; the largest figure of a world has 20 whole digits and 18 places.
EXACT = Context(prec=60)

_OCTAVES = ((2016, 8), (288, 5), (24, 2), (1, 1))
_WEIGHT = 16
_UNIT = 1_000_000
# Most accounts are quiet for some steps at a time, as real ones are.
_CADENCES = (1, 1, 2, 3, 6, 12)


def minor(amount: Decimal, *, scale: int) -> int:
    """Count the amount in units of its last place.

    Units: 10^-scale of the currency's natural unit.
    """
    return int(EXACT.scaleb(amount, scale))


def natural(units: int, *, scale: int) -> Decimal:
    """Turn a count of last-place units into an exact amount with all its places."""
    return EXACT.scaleb(Decimal(units), -scale)


def moved_step(key: str, *, step: int) -> int:
    """Find the step at which the balance last moved, the given one at the latest."""
    mark = digest(key, "cadence")
    cadence = _CADENCES[mark % len(_CADENCES)]
    return step - (step + mark) % cadence


def amount_at(base: Decimal, *, scale: int, swing: int, key: str, step: int) -> Decimal:
    """Tell the amount at the step, within `swing` thousandths of the base on either side."""
    units = minor(base, scale=scale)
    if not swing or not units:
        return natural(units, scale=scale)
    drift = _drift(key, step=moved_step(key, step=step))
    return natural(units + units * swing * drift // (1000 * _UNIT), scale=scale)


def _drift(key: str, *, step: int) -> int:
    """Add the octaves to one number within ±1,000,000."""
    total = 0
    for period, weight in _OCTAVES:
        index, within = divmod(step, period)
        left, right = _noise(key, period, index), _noise(key, period, index + 1)
        total += weight * (left * (period - within) + right * within) // period
    return total // _WEIGHT


def _noise(key: str, period: int, index: int) -> int:
    return digest(key, period, index) % (2 * _UNIT + 1) - _UNIT
