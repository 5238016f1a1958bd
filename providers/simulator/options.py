"""Choose which of a provider's documented generations and manners the server shows."""

from __future__ import annotations

from dataclasses import dataclass, fields

CHOICES = {
    "payman_customer_path": ("both", "v1", "accounts"),
    "payman_form": ("number", "envelope", "string"),
    "payman_me": ("on", "off"),
    "payiano_retrieve": ("on", "off"),
    "swipelux_list": ("page", "offset", "bare"),
    "swipelux_names": ("flat", "personal"),
    "swipelux_balances": ("wallets", "legacy"),
    "swipelux_wallet_balance": ("on", "off"),
}


@dataclass(slots=True, kw_only=True)
class Options:
    """Hold the switches; the defaults are the seeds' generation.

    Time: `latency` is seconds added to every answer.
    """

    latency: float = 0.0
    payman_customer_path: str = "both"
    payman_form: str = "number"
    payman_me: str = "on"
    payiano_retrieve: str = "on"
    swipelux_list: str = "page"
    swipelux_names: str = "flat"
    swipelux_balances: str = "wallets"
    swipelux_wallet_balance: str = "on"

    def change(self, **changes: object) -> None:
        """Set the named switches, all or none.

        Raises: ValueError naming a switch or a value there is not.
        """
        for name, value in changes.items():
            self._check(name, value)
        for name, value in changes.items():
            setattr(self, name, value)

    @staticmethod
    def _check(name: str, value: object) -> None:
        if name == "latency":
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not 0 <= value <= 60
            ):
                raise ValueError("latency is a number of seconds from 0 to 60")
        elif name not in CHOICES:
            raise ValueError(f"no option named {name!r}; there are {', '.join(_names())}")
        elif value not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}")


def _names() -> list[str]:
    return [field.name for field in fields(Options)]
