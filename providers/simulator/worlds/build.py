"""Put companies, accounts and keys into a world."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from providers.simulator import naming
from providers.simulator.world import Account, Company, Customer, Holding, Key, World, scale_of

PERMISSIONS = {
    "payman": frozenset({"balances"}),
    "payiano": frozenset({"payment.balances.view", "balances_view"}),
    "swipelux": frozenset({"customers:read", "wallets:read", "balances:read"}),
}


class Builder:
    """Fill one world, deriving every id and key it is not given from the seed."""

    def __init__(self, name: str, *, seed: int) -> None:
        self.world = World(name=name, seed=seed)

    def company(self, slot: str, *, name: str, currencies: tuple[str, ...] = ()) -> Company:
        """Open a company's books in the slot (`payman`, `payman_other` …) and make its full key.

        Currency: `currencies` are those a Payman company may be asked for.
        """
        provider, parts = slot.partition("_")[0], (self.world.name, self.world.seed, slot)
        ref = naming.agent_id(*parts) if provider == "payman" else naming.ulid(*parts)
        made = Company(slot=slot, provider=provider, name=name, ref=ref, currencies=currencies)
        self.world.companies[slot] = made
        self.key(slot, company=made, permissions=PERMISSIONS[provider])
        return made

    def key(self, slot: str, *, company: Company, permissions: frozenset[str]) -> None:
        """Make another key to the same books; a slot that ends in _sandbox gets a sandbox key."""
        environment = "sandbox" if slot.endswith("_sandbox") else "live"
        secret = make_secret(company, environment, self.world.name, self.world.seed, slot)
        self.world.admit(
            Key(
                slot=slot,
                company=company.slot,
                secret=secret,
                permissions=permissions,
                environment=environment,
            )
        )

    def subject(
        self, company: Company, ref: str, *, name: str, amounts: Mapping[str, str], swing: int = 60
    ) -> None:
        """Add a Payman agent or customer that holds the amounts."""
        holdings = {code: holding(code, text, swing=swing) for code, text in amounts.items()}
        company.accounts[ref] = Account(ref=ref, name=name, holdings=holdings)

    def balance(
        self,
        company: Company,
        currency: str,
        available: str,
        *,
        pending: str = "0",
        name: str = "",
        suffix: str = "",
        swing: int = 60,
    ) -> None:
        """Add a Payiano balance, whose id may be given a known end."""
        parts = (self.world.name, self.world.seed, company.slot, len(company.accounts))
        ref = naming.ulid(*parts, suffix=suffix)
        money = holding(currency, available, pending=pending, swing=swing)
        company.accounts[ref] = Account(ref=ref, name=name, holdings={currency: money})

    def customer(
        self, company: Company, name: str, *, ref: str = "", kind: str = "business"
    ) -> Customer:
        """Add a Swipelux customer without wallets."""
        number = len(company.customers)
        ref = ref or "cus_" + naming.letters(
            naming.BASE62, 20, self.world.name, self.world.seed, company.slot, number
        )
        made = Customer(ref=ref, name=name, kind=kind, email=f"finance+{number}@customer.example")
        company.customers[ref] = made
        return made

    def wallet(
        self,
        company: Company,
        customer: Customer,
        network: str,
        amounts: Mapping[str, str],
        *,
        ref: str = "",
        swing: int = 60,
    ) -> Account:
        """Add a wallet on the network to the customer."""
        parts = (self.world.name, self.world.seed, customer.ref, len(customer.wallets))
        ref = ref or "wal_" + naming.letters(naming.BASE62, 20, "wallet", *parts)
        made = Account(
            ref=ref,
            owner_ref=customer.ref,
            network=network,
            address=naming.address(network, *parts),
            holdings={code: holding(code, text, swing=swing) for code, text in amounts.items()},
        )
        company.accounts[ref] = made
        customer.wallets.append(ref)
        return made


def holding(
    currency: str, available: str, *, pending: str | None = None, swing: int = 60
) -> Holding:
    """Make a balance from texts; Payiano's (those with a pending amount) have two places unless the text has more."""
    base = Decimal(available)
    written = -int(base.as_tuple().exponent)
    scale = scale_of(currency) if pending is None else min(2, scale_of(currency))
    return Holding(
        currency=currency,
        base=base,
        pending=None if pending is None else Decimal(pending),
        swing=swing,
        scale=max(scale, written),
    )


def make_secret(company: Company, environment: str, *parts: object) -> str:
    """Make a secret in the format of the company's provider."""
    if company.provider == "payman":
        return naming.payman_secret(company.ref, *parts)
    if company.provider == "payiano":
        return naming.payiano_token(*parts)
    return naming.swipelux_key(environment, *parts)
