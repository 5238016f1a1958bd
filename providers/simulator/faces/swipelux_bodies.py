"""Write Swipelux's v1 bodies.

Currency: amounts are decimal strings in natural units, with two places at least.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from providers.simulator import walk
from providers.simulator.faces.scene import Scene
from providers.simulator.world import Account, Company, Customer

# What the provider's converted total is made with; only its own claim, never a holding.
_USD_RATES = {"EURC": Decimal("1.08"), "BTC": Decimal(64000)}


def text_of(amount: Decimal) -> str:
    """Write an amount as Swipelux does: "0.00", "1250.50", "842117.914206"."""
    whole, _, places = format(amount, "f").partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')}"


def customer_page(
    everyone: list[Customer], *, start: int, limit: int, page: int, scene: Scene
) -> dict[str, Any] | list[dict[str, Any]]:
    """Write one page of customers in the wrapper of the generation shown."""
    found = [_person(one, scene=scene) for one in everyone[start : start + limit]]
    total = len(everyone)
    if scene.options.swipelux_list == "bare":
        return found
    if scene.options.swipelux_list == "offset":
        return {"customers": found, "totalCount": total, "hasMore": start + len(found) < total}
    pages = -(-total // limit)
    counts = {"page": page, "limit": limit, "total": total, "totalPages": pages}
    return {"customers": found, "pagination": counts}


def _person(customer: Customer, *, scene: Scene) -> dict[str, Any]:
    """Write a customer, with the names at top level or, as newer servers do, under `personal`."""
    first, _, last = customer.name.partition(" ")
    if customer.kind == "business":
        first, last = customer.name, ""
    names = {"firstName": first, "lastName": last, "email": customer.email, "phone": "+1234567890"}
    stamps = {"createdAt": customer.created_at, "updatedAt": customer.created_at}
    head: dict[str, Any] = {"id": customer.ref, "type": customer.kind}
    if scene.options.swipelux_names == "personal":
        return head | {"personal": names, "verificationStatus": "approved"} | stamps
    return head | names | {"status": "approved"} | stamps


def customer_balances(company: Company, *, customer: Customer, scene: Scene) -> dict[str, Any]:
    """Write what all wallets of the customer hold, with the provider's own total in USD."""
    accounts = [company.accounts[ref] for ref in customer.wallets]
    if scene.options.swipelux_balances == "legacy":
        return {"balance": Decimal("48.5")}
    wallets = [
        {
            "walletId": one.ref,
            "network": one.network,
            "address": one.address,
            "balances": _tokens(company, one, scene=scene),
        }
        for one in accounts
    ]
    total = {"amount": _usd(company, accounts, scene=scene), "currency": "USD"}
    return {"customerId": customer.ref, "totalBalance": total, "wallets": wallets}


def _usd(company: Company, accounts: list[Account], *, scene: Scene) -> str:
    total = Decimal(0)
    for account in accounts:
        for currency in account.holdings:
            amount = scene.figures(company, account, currency).available
            value = walk.EXACT.multiply(amount, _USD_RATES.get(currency, Decimal(1)))
            total = walk.EXACT.add(total, value)
    return format(
        total.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN, context=walk.EXACT), "f"
    )


def _tokens(company: Company, account: Account, *, scene: Scene) -> list[dict[str, Any]]:
    return [
        {
            "currency": currency,
            "amount": text_of(scene.figures(company, account, currency).available),
        }
        for currency in account.holdings
    ]


def wallet_balance(company: Company, *, account: Account, scene: Scene) -> dict[str, Any]:
    """Write one wallet's tokens with their decimals and when they last moved."""
    tokens = [
        token | {"decimals": account.holdings[token["currency"]].scale}
        for token in _tokens(company, account, scene=scene)
    ]
    moved = scene.clock.instant(_last_move(company, account, scene=scene))
    return {
        "walletId": account.ref,
        "network": account.network,
        "balances": tokens,
        "lastUpdated": moved.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _last_move(company: Company, account: Account, *, scene: Scene) -> int:
    """Find the latest step at which one of the wallet's tokens moved, 0 when none ever does."""
    prefix = f"{scene.world.seed}|{company.slot}|{account.ref}"
    steps = [
        walk.moved_step(f"{prefix}|{currency}", step=scene.step)
        for currency, held in account.holdings.items()
        if held.swing and held.base
    ]
    return max(steps, default=0)


def wallet_detail(company: Company, *, account: Account, scene: Scene) -> dict[str, Any]:
    """Write a wallet in the other spelling: `id` and `chain`."""
    return {
        "id": account.ref,
        "address": account.address,
        "chain": account.network,
        "balances": _tokens(company, account, scene=scene),
    }
