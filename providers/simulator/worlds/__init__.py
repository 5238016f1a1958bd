"""Offer the worlds by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from providers.simulator.world import World
from providers.simulator.worlds import demo, sized, small

WORLDS: dict[str, Callable[..., World]] = {
    "small": small.build,
    "medium": partial(sized.build, "medium"),
    "large": partial(sized.build, "large"),
    "demo": demo.build,
}


def make_world(name: str, *, seed: int) -> World:
    """Build the named world.

    Raises: ValueError naming the worlds there are.
    """
    if name not in WORLDS:
        raise ValueError(f"no world named {name!r}; there are {', '.join(WORLDS)}")
    return WORLDS[name](seed=seed)
