"""Give a face what it answers from: the world at one step, and the switches."""

from __future__ import annotations

from typing import NamedTuple

from providers.simulator.clock import Clock
from providers.simulator.options import Options
from providers.simulator.world import Account, Company, Figures, Key, World


class Scene(NamedTuple):
    """Hold the world, the step at which it is looked at, and the options."""

    world: World
    step: int
    clock: Clock
    options: Options

    def key(self, secret: str, *, provider: str) -> Key | None:
        """Find the accepted key of the provider that has the secret."""
        key = self.world.keys.get(secret)
        return key if key and self.world.company_of(key).provider == provider else None

    def figures(self, company: Company, account: Account, currency: str) -> Figures:
        """Tell a balance's amounts at the scene's step."""
        return self.world.figures(company, account, currency, step=self.step)
