"""Build worlds by number: many customers, more balances than one page holds."""

from __future__ import annotations

from typing import NamedTuple

from providers.simulator.naming import BASE62, company_name, digest, letters
from providers.simulator.world import Company, World
from providers.simulator.worlds.build import Builder

PAYMAN_CURRENCIES = ("EUR", "JPY", "KWD", "TSD", "USD", "USDC")
NETWORKS = ("polygon", "ethereum", "base", "solana")
TOKENS = ("USDC", "USDT")
FIAT = ("EGP", "EUR", "USD", "SAR", "AED")


class Size(NamedTuple):
    """Count what the main company of each provider has, and what the other one has."""

    swipelux_customers: int
    payman_customers: int
    payiano_balances: int
    other_customers: int = 9
    other_balances: int = 9


SIZES = {
    "medium": Size(swipelux_customers=250, payman_customers=20, payiano_balances=450),
    "large": Size(swipelux_customers=5000, payman_customers=60, payiano_balances=450),
}


def build(name: str, *, seed: int) -> World:
    """Make the world of that name."""
    builder, size = Builder(name, seed=seed), SIZES[name]
    _payman(builder, "payman", customers=size.payman_customers)
    _payman(builder, "payman_other", customers=size.other_customers)
    main = _payiano(builder, "payiano", balances=size.payiano_balances)
    builder.key("payiano_denied", company=main, permissions=frozenset({"balances_view"}))
    _payiano(builder, "payiano_other", balances=size.other_balances)
    wallets = _swipelux(builder, "swipelux", customers=size.swipelux_customers)
    builder.key("swipelux_denied", company=wallets, permissions=frozenset({"customers:read"}))
    _swipelux(builder, "swipelux_other", customers=size.other_customers)
    _swipelux(builder, "swipelux_sandbox", customers=3)
    return builder.world


def _payman(builder: Builder, slot: str, *, customers: int) -> None:
    company = builder.company(slot, name="Granite Treasury", currencies=PAYMAN_CURRENCIES)
    agent = {
        code: _money(builder, slot, "agent", code, most=2_000_000) for code in PAYMAN_CURRENCIES
    }
    builder.subject(company, "agent", name=company.name, amounts=agent)
    for number in range(customers):
        ref = "cust_" + letters(BASE62, 6, builder.world.seed, slot, number)
        held = [code for code in PAYMAN_CURRENCIES if digest(slot, number, code) % 3]
        amounts = {code: _money(builder, ref, code, most=90_000) for code in held}
        builder.subject(company, ref, name=company_name(number, slot), amounts=amounts)
    company.watched = tuple(company.accounts)[1:]


def _payiano(builder: Builder, slot: str, *, balances: int) -> Company:
    company = builder.company(slot, name="Granite Egypt")
    for number in range(balances):
        code = FIAT[number % len(FIAT)]
        available = _money(builder, slot, number, code, most=4_000_000)
        waits = number % 3 == 0
        pending = _money(builder, slot, number, "pending", code, most=90_000) if waits else "0"
        builder.balance(company, code, available, pending=pending)
    return company


def _swipelux(builder: Builder, slot: str, *, customers: int) -> Company:
    company = builder.company(slot, name="Granite Wallets")
    for number in range(customers):
        customer = builder.customer(company, company_name(number, slot))
        for wallet in range(1 + (number % 10 == 0)):
            network = NETWORKS[(number + wallet) % len(NETWORKS)]
            tokens = TOKENS if number % 5 else TOKENS[:1]
            held = {
                code: _money(builder, slot, number, wallet, code, most=250_000) for code in tokens
            }
            builder.wallet(company, customer, network, held)
    return company


def _money(builder: Builder, *parts: object, most: int) -> str:
    """Draw an amount with cents, small ones more often than large, some whole."""
    mark = digest(builder.world.seed, *parts)
    cents = most * 100 * (mark % 1000) // 1000 * (mark // 1000 % 1000) // 1000 + mark % 9973
    return f"{cents // 100}.{cents % 100:02d}" if mark % 7 else str(cents // 100)
