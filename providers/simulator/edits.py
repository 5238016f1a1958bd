"""Change a world by hand: amounts, balances, customers, wallets and keys.

Every edit is a plain record, so that a journal of them brings a restarted server to the same world.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from providers.simulator.world import Account, Company, Customer, Holding, Key, World, scale_of
from providers.simulator.worlds.build import make_secret

Edit = dict[str, Any]


def apply(world: World, *, edit: Edit) -> Edit:
    """Carry out an edit, `{"action": …, fields}`, and return it with what it decided filled in.

    Raises: ValueError telling what is wrong with it; nothing has changed then.
    """
    fields = dict(edit)
    action = fields.pop("action", None)
    if action not in ACTIONS:
        raise ValueError(f"no action {action!r}; there are {', '.join(ACTIONS)}")
    try:
        inspect.signature(ACTIONS[action]).bind(world, **fields)
    except TypeError as error:
        raise ValueError(f"{action}: {error}") from error
    return {**edit, **(ACTIONS[action](world, **fields) or {})}


def _company(world: World, slot: str) -> Company:
    if slot not in world.companies:
        raise ValueError(f"no company {slot!r}; there are {', '.join(world.companies)}")
    return world.companies[slot]


def _account(company: Company, ref: str) -> Account:
    if ref not in company.accounts:
        raise ValueError(f"{company.slot} has no account {ref!r}")
    return company.accounts[ref]


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(str(text))
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {text!r}") from error
    if not value.is_finite():
        raise ValueError(f"not an amount: {text!r}")
    return value


def _holding(company: Company, currency: str, available: str, pending: str | None) -> Holding:
    """Make a balance that stands still at the amounts, with the scale its provider writes."""
    base = _decimal(available)
    is_payiano = company.provider == "payiano"
    usual = min(2, scale_of(currency)) if is_payiano else scale_of(currency)
    waiting = _decimal(pending or "0") if is_payiano else None
    written = max(-int(amount.as_tuple().exponent) for amount in (base, waiting or base))
    return Holding(
        currency=currency, base=base, pending=waiting, swing=0, scale=max(usual, written)
    )


def _set(
    world: World,
    *,
    provider: str,
    ref: str,
    currency: str,
    available: str,
    pending: str | None = None,
) -> None:
    """Fix a balance at an amount; a subject of Payman's may be given money in a currency it had none in."""
    company = _company(world, provider)
    account = _account(company, ref)
    if currency not in account.holdings and currency not in company.currencies:
        raise ValueError(f"{ref} holds no {currency}")
    account.holdings[currency] = _holding(company, currency, available, pending)


def _add_balance(
    world: World,
    *,
    provider: str,
    ref: str,
    currency: str,
    available: str,
    pending: str | None = None,
    first: bool = False,
) -> None:
    """Add a balance to an account, making the account when there is none, at the end of the list or first."""
    company = _company(world, provider)
    made = _holding(company, currency, available, pending)
    account = company.accounts.get(ref) or Account(ref=ref)
    account.holdings[currency] = made
    if first:
        company.accounts = {ref: account, **company.accounts}
    company.accounts.setdefault(ref, account)


def _remove_balance(world: World, *, provider: str, ref: str, currency: str) -> None:
    """Take a balance away; an account goes with its last one, unless it is a wallet or a Payman subject."""
    company = _company(world, provider)
    account = _account(company, ref)
    if account.holdings.pop(currency, None) is None:
        raise ValueError(f"{ref} holds no {currency}")
    if company.provider == "payiano":
        del company.accounts[ref]


def _add_customer(world: World, *, provider: str, ref: str, name: str) -> None:
    """Add a customer who has nothing yet."""
    company = _company(world, provider)
    if ref in company.customers or ref in company.accounts:
        raise ValueError(f"{provider} has {ref!r} already")
    if company.provider == "swipelux":
        company.customers[ref] = Customer(ref=ref, name=name)
    else:
        company.accounts[ref] = Account(ref=ref, name=name)


def _remove_customer(world: World, *, provider: str, ref: str) -> None:
    """Take a customer away with all it has."""
    company = _company(world, provider)
    customer = company.customers.pop(ref, None)
    for account in customer.wallets if customer else [_account(company, ref).ref]:
        del company.accounts[account]


def _add_wallet(
    world: World, *, provider: str, customer: str, ref: str, network: str, address: str = ""
) -> None:
    """Add an empty wallet to a Swipelux customer."""
    company = _company(world, provider)
    if customer not in company.customers or ref in company.accounts:
        raise ValueError(
            f"{provider} has no customer {customer!r}, or has a wallet {ref!r} already"
        )
    made = Account(ref=ref, owner_ref=customer, network=network, address=address)
    company.accounts[ref] = made
    company.customers[customer].wallets.append(ref)


def _remove_wallet(world: World, *, provider: str, ref: str) -> None:
    """Take a wallet away with what it holds."""
    company = _company(world, provider)
    owner = company.customers.get(_account(company, ref).owner_ref)
    if owner is None:
        raise ValueError(f"{ref} is not a wallet")
    owner.wallets.remove(ref)
    del company.accounts[ref]


def _key(world: World, slot: str) -> Key:
    if slot not in world.slots:
        raise ValueError(f"no key {slot!r}; there are {', '.join(world.slots)}")
    return world.slots[slot]


def _revoke_key(world: World, *, slot: str) -> None:
    """Refuse the slot's key from now on."""
    world.keys.pop(_key(world, slot).secret, None)


def _replace_key(world: World, *, slot: str, secret: str = "") -> Edit:
    """Refuse the slot's key from now on and accept a new one, made up unless given."""
    old = _key(world, slot)
    company = world.company_of(old)
    made = secret or make_secret(company, old.environment, world.seed, old.secret)
    world.keys.pop(old.secret, None)
    world.admit(replace(old, secret=made))
    return {"secret": made}


def _permit(world: World, *, slot: str, permissions: list[str]) -> None:
    """Give the slot's key these permissions and no others."""
    old = _key(world, slot)
    if old.secret not in world.keys:
        raise ValueError(f"the key {slot!r} was revoked")
    if not isinstance(permissions, list):
        raise ValueError("permissions is a list of names")
    world.admit(replace(old, permissions=frozenset(map(str, permissions))))


ACTIONS: dict[str, Callable[..., Edit | None]] = {
    "set": _set,
    "add_balance": _add_balance,
    "remove_balance": _remove_balance,
    "add_customer": _add_customer,
    "remove_customer": _remove_customer,
    "add_wallet": _add_wallet,
    "remove_wallet": _remove_wallet,
    "revoke_key": _revoke_key,
    "replace_key": _replace_key,
    "permit": _permit,
}
