"""Hold a world: companies at providers, their accounts and balances, and the keys that open them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from providers.simulator import walk

# What this server needs of currencies, written down apart from the product's own table on purpose.
SCALES = {
    "BTC": 8,
    "DAI": 18,
    "EURC": 6,
    "JPY": 0,
    "KWD": 3,
    "BHD": 3,
    "USDC": 6,
    "USDCBASE": 6,
    "USDT": 6,
}

SECRET_NAMES = {"payman": "api_secret", "payiano": "access_token", "swipelux": "api_key"}


def scale_of(currency: str) -> int:
    """Tell the decimal places the currency is emitted with, 2 when nothing else is known."""
    return SCALES.get(currency, 2)


class Figures(NamedTuple):
    """Carry one balance's amounts; None where the provider does not say.

    Units: natural units at the scale the provider emits.
    """

    available: Decimal
    pending: Decimal | None
    ledger: Decimal | None


@dataclass(slots=True, kw_only=True)
class Holding:
    """Describe one balance: where its walk starts and how far it may swing, in thousandths (0 stands still)."""

    currency: str
    base: Decimal
    pending: Decimal | None = None
    swing: int = 60
    scale: int = 2


@dataclass(slots=True, kw_only=True)
class Account:
    """Describe a place of money: Payman agent or customer, Payiano balance, Swipelux wallet."""

    ref: str
    name: str = ""
    owner_ref: str = ""
    network: str = ""
    address: str = ""
    holdings: dict[str, Holding] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Customer:
    """Describe a Swipelux customer and the wallets it owns, in their order."""

    ref: str
    name: str
    kind: str = "business"
    email: str = ""
    created_at: str = "2026-01-12T10:13:07.826Z"
    wallets: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Company:
    """Describe one company's books at one provider; the order of accounts is the order of its lists."""

    slot: str
    provider: str
    name: str
    ref: str
    currencies: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    accounts: dict[str, Account] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Key:
    """Describe one secret: whose books it opens and what it may do there."""

    slot: str
    company: str
    secret: str
    permissions: frozenset[str]
    environment: str = "live"


@dataclass(slots=True, kw_only=True)
class World:
    """Hold all companies and keys; `keys` maps only secrets that are accepted now, `slots` each slot's latest."""

    name: str
    seed: int
    companies: dict[str, Company] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    slots: dict[str, Key] = field(default_factory=dict)

    def admit(self, key: Key) -> None:
        """Accept the key from now on, in place of an earlier one of the same slot."""
        self.slots[key.slot] = key
        self.keys[key.secret] = key

    def company_of(self, key: Key) -> Company:
        """Find the books the key opens."""
        return self.companies[key.company]

    def figures(self, company: Company, account: Account, currency: str, *, step: int) -> Figures:
        """Tell a balance's amounts at the step, as the company's provider would report them."""
        holding = account.holdings[currency]
        key = f"{self.seed}|{company.slot}|{account.ref}|{currency}"
        available = walk.amount_at(
            holding.base, scale=holding.scale, swing=holding.swing, key=key, step=step
        )
        if holding.pending is None:
            return Figures(available, None, available if company.provider == "swipelux" else None)
        pending = walk.amount_at(
            holding.pending,
            scale=holding.scale,
            swing=holding.swing * 3,
            key=f"{key}|pending",
            step=step,
        )
        return Figures(available, pending, walk.EXACT.add(available, pending))

    def truth(self, company: Company, *, step: int) -> dict[tuple[str, str], Figures]:
        """List every balance the provider can be asked for, by account reference and currency."""
        found = {
            (account.ref, currency): self.figures(company, account, currency, step=step)
            for account in company.accounts.values()
            for currency in account.holdings
        }
        # Payman answers 0.00 where a subject holds nothing.
        for account in company.accounts.values():
            for currency in company.currencies:
                empty = Figures(walk.natural(0, scale=scale_of(currency)), None, None)
                found.setdefault((account.ref, currency), empty)
        return found
