"""Build the demo: Meridian Trading with some 45 balances in 7 currencies, and two smaller tenants."""

from __future__ import annotations

from providers.simulator.world import World
from providers.simulator.worlds.build import Builder

PAYMAN_CURRENCIES = ("EUR", "JPY", "KWD", "USD", "USDC")
MERIDIAN, HARBOUR, NILE = "Meridian Trading", "Harbour Logistics", "Nile Retail Group"

# Payman reference, name, spendable by currency; the first four customers are watched, the others known to Payman only.
_SUBJECTS = (
    (
        "agent",
        MERIDIAN,
        {
            "EUR": "640118.32",
            "JPY": "184200450",
            "KWD": "212480.125",
            "USD": "1284406.18",
            "USDC": "1106204.500000",
        },
    ),
    ("cust_7Qk2pV", "Alder Supply", {"EUR": "12780.64", "USD": "96410.55", "USDC": "18204.750000"}),
    ("cust_b41XzN", "Bright Foods", {"JPY": "2118600", "USD": "412008.90", "USDC": "40310.250000"}),
    ("cust_j24MvW", "Juniper Labs", {"EUR": "214660.08", "USD": "21904.36"}),
    ("cust_k53ZaR", "Kestrel Energy", {"EUR": "88245.00", "JPY": "8450000", "KWD": "99412.600"}),
    ("cust_f62HyQ", "Fathom Health", {"USD": "58120.40"}),
    ("cust_h38DnC", "Harrow and Finch", {"EUR": "61905.10"}),
    ("cust_l81QeX", "Lotus Pharma", {"JPY": "5150000"}),
    ("cust_o19CkS", "Orchard Pay", {"USDC": "9120.000000"}),
)

# Payiano currency, available, pending, end of the id, the name a person gives it.
_BALANCES = (
    ("EGP", "18204550.75", "1968500", "5s7826hfwdze8dp1z21f", "Collections"),
    ("EGP", "9640000", "0", "t5ye", "Payout float"),
    ("EGP", "6118207.40", "340120", "6k1a", "Settlement, Cairo branch"),
    ("EGP", "2975318.05", "114800.50", "2n9g", "Settlement, Giza branch"),
    ("EGP", "850000", "0", "8m3v", "Refund reserve"),
    ("EGP", "-42118.60", "0", "9q2z", "Chargebacks"),
    ("EGP", "0", "0", "4w7d", "Payroll"),
    ("EUR", "61905.10", "0", "6e7n", "Collections"),
    ("USD", "148220", "12480", "7t2b", "Collections"),
)

# Swipelux customer, its wallets: reference, network, tokens.
_WALLETS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("Treasury", "wal_9f3c71", "polygon", {"USDC": "842117.914206", "USDT": "318400.00"}),
    ("Treasury", "wal_e81d05", "solana", {"USDC": "11642.432101"}),
    ("Settlement", "wal_20be4a", "ethereum", {"USDC": "206550.1205", "USDT": "95015.77231"}),
    ("Settlement", "wal_c4407b", "base", {"USDC": "5120.125"}),
    ("Bright Foods", "wal_77a2ef", "base", {"USDC": "64118.40"}),
    ("Juniper Labs", "wal_3b6d97", "base", {"USDC": "0.00", "USDT": "27900.00"}),
    ("Alder Supply", "wal_5d19c2", "polygon", {"USDC": "3300.00"}),
    ("Orchard Pay", "wal_a86f30", "solana", {"USDC": "2104.75", "USDT": "480.125"}),
)


def build(*, seed: int) -> World:
    """Make the three tenants' companies; `_other` slots are Harbour Logistics and Nile Retail Group."""
    builder = Builder("demo", seed=seed)
    _payman(builder)
    _payiano(builder)
    _swipelux(builder)
    return builder.world


def _payman(builder: Builder) -> None:
    main = builder.company("payman", name=MERIDIAN, currencies=PAYMAN_CURRENCIES)
    for ref, name, amounts in _SUBJECTS:
        builder.subject(main, ref, name=name, amounts=amounts, swing=40)
    main.watched = tuple(main.accounts)[1:5]
    other = builder.company("payman_other", name=HARBOUR, currencies=("EUR", "USD", "USDC"))
    agent = {"EUR": "98140.22", "USD": "318204.07", "USDC": "75000.000000"}
    builder.subject(other, "agent", name=HARBOUR, amounts=agent)
    builder.subject(
        other, "cust_d30RtB", name="Dune Freight", amounts={"EUR": "8410.00", "USD": "20115.90"}
    )
    builder.subject(other, "cust_w55LpE", name="Willow Marine", amounts={"USD": "4620.18"})
    other.watched = ("cust_d30RtB", "cust_w55LpE")


def _payiano(builder: Builder) -> None:
    main = builder.company("payiano", name=MERIDIAN)
    for currency, available, pending, suffix, name in _BALANCES:
        builder.balance(
            main, currency, available, pending=pending, suffix=suffix, name=name, swing=30
        )
    builder.key("payiano_denied", company=main, permissions=frozenset({"balances_view"}))
    sandbox = builder.company("payiano_sandbox", name=f"{MERIDIAN} (sandbox)")
    builder.balance(sandbox, "EGP", "1000", pending="550", name="Collections")
    builder.balance(sandbox, "USD", "1520.75", name="Collections")
    other = builder.company("payiano_other", name=NILE)
    builder.balance(other, "EGP", "4218903.15", pending="610240", name="Stores")
    builder.balance(other, "EGP", "1150000", name="Payroll")
    builder.balance(other, "SAR", "86400.50", pending="2100", name="Riyadh")
    builder.balance(other, "USD", "40218.66", name="Suppliers")


def _swipelux(builder: Builder) -> None:
    main = builder.company("swipelux", name=MERIDIAN)
    customers = {
        name: builder.customer(main, name) for name in dict.fromkeys(row[0] for row in _WALLETS)
    }
    for name, ref, network, amounts in _WALLETS:
        builder.wallet(main, customers[name], network, amounts, ref=ref, swing=40)
    builder.key("swipelux_denied", company=main, permissions=frozenset({"customers:read"}))
    sandbox = builder.company("swipelux_sandbox", name=f"{MERIDIAN} (sandbox)")
    builder.wallet(
        sandbox, builder.customer(sandbox, "Test Customer"), "polygon", {"USDC": "100.00"}
    )
    other = builder.company("swipelux_other", name=HARBOUR)
    ops = builder.customer(other, "Harbour Operations")
    builder.wallet(other, ops, "base", {"USDC": "128400.10", "USDT": "30250.00"})
    builder.wallet(other, builder.customer(other, "Dune Freight"), "polygon", {"USDC": "6180.40"})
