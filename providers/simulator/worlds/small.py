"""Build the small world: few rows, and every oddity that a contract allows or does not rule out."""

from __future__ import annotations

from providers.simulator.world import Company, World
from providers.simulator.worlds.build import Builder, holding

PAYMAN_CURRENCIES = ("EUR", "JPY", "KWD", "TSD", "USD", "USDC")
HOSTILE = '=HYPERLINK("x")'


def build(*, seed: int) -> World:
    """Make two companies at each provider, and keys without the permissions they need."""
    builder = Builder("small", seed=seed)
    _payman(builder)
    _payiano(builder)
    _swipelux(builder)
    return builder.world


def _payman(builder: Builder) -> None:
    main = builder.company("payman", name="Juniper Treasury", currencies=PAYMAN_CURRENCIES)
    agent = {
        "EUR": "640118.32",
        "JPY": "184200450",
        "KWD": "12.345",
        "TSD": "500.00",
        "USD": "15000.00",
    }
    builder.subject(main, "agent", name="Juniper Treasury", amounts=agent)
    main.accounts["agent"].holdings["USDC"] = holding("USDC", "1.000000", swing=0)
    builder.subject(
        main, "cust_7Qk2pV", name="Alder Supply", amounts={"USD": "42.50", "USDC": "42.500000"}
    )
    huge = {"USDC": "98765432109876543210.123456", "USD": "0.00"}
    builder.subject(main, "cust_whale", name="Blue Whale", amounts=huge, swing=0)
    builder.subject(main, "ops+eu@alder.example", name="Alder EU", amounts={"EUR": "7.07"})
    main.watched = ("cust_7Qk2pV", "cust_whale", "ops+eu@alder.example")
    other = builder.company("payman_other", name="Harbour Pay", currencies=PAYMAN_CURRENCIES)
    builder.subject(
        other, "agent", name="Harbour Pay", amounts={"USD": "88245.00", "USDC": "12.000000"}
    )
    builder.subject(other, "cust_o19CkS", name="Orchard Pay", amounts={"USD": "310.25"})
    other.watched = ("cust_o19CkS",)


def _payiano(builder: Builder) -> None:
    main = builder.company("payiano", name="Juniper Egypt")
    builder.balance(main, "EGP", "200000", pending="68500", swing=0)
    builder.balance(main, "USD", "1520.75", swing=0)
    builder.balance(main, "EUR", "50.50", pending="0.05")
    builder.balance(main, "EGP", "-42118.60", swing=0)
    builder.balance(main, "SAR", "0", swing=0)
    builder.balance(main, "JPY", "8450000")
    builder.balance(main, "KWD", "99412.605", swing=0)
    builder.balance(main, "AED", "98765432109876543210.99", pending="0.01", swing=0)
    builder.key(
        "payiano_denied",
        company=main,
        permissions=frozenset({"balances_view", "fund.ledgers.view"}),
    )
    other = builder.company("payiano_other", name="Harbour Egypt")
    builder.balance(other, "EGP", "9640000")
    sandbox = builder.company("payiano_sandbox", name="Juniper Egypt (sandbox)")
    builder.balance(sandbox, "EGP", "1000", pending="550")


def _swipelux(builder: Builder) -> None:
    main = builder.company("swipelux", name="Juniper Wallets")
    plain = builder.customer(main, "John Doe", ref="cus_abc123", kind="individual")
    builder.wallet(main, plain, "polygon", {"USDC": "1250.50"}, ref="wal_poly_001", swing=0)
    builder.wallet(
        main, plain, "ethereum", {"USDC": "1250.25", "USDT": "0.00"}, ref="wal_eth_002", swing=0
    )
    builder.customer(main, "Empty Pockets", ref="cus_nowallets")
    arabic = builder.customer(main, "شركة النيل للتجارة", ref="cus_rtl")
    builder.wallet(main, arabic, "base", {"USDC": "842117.914206", "EURC": "15.10"})
    japanese = builder.customer(main, "東京オーシャン株式会社", ref="cus_tokyo")
    builder.wallet(main, japanese, "solana", {"USDT": "318400.00"})
    builder.wallet(main, japanese, "tron", {}, ref="wal_no_tokens")
    hostile = builder.customer(main, HOSTILE, ref="cus_hostile")
    builder.wallet(main, hostile, HOSTILE, {"USDC": "3.141592"}).address = "+1-2@SUM(A1)"
    whale = {"DAI": "12345678901234567890.123456789012345678"}
    builder.wallet(
        main, builder.customer(main, "Blue Whale", ref="cus_whale"), "ethereum", whale, swing=0
    )
    _swipelux_keys(builder, main)


def _swipelux_keys(builder: Builder, main: Company) -> None:
    builder.key(
        "swipelux_denied", company=main, permissions=frozenset({"customers:read", "wallets:read"})
    )
    other = builder.company("swipelux_other", name="Harbour Wallets")
    builder.wallet(other, builder.customer(other, "Harbour Ops"), "base", {"USDC": "64118.40"})
    sandbox = builder.company("swipelux_sandbox", name="Juniper Wallets (sandbox)")
    builder.wallet(
        sandbox, builder.customer(sandbox, "Test Customer"), "polygon", {"USDC": "100.00"}
    )
