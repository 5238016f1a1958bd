"""Speak Swipelux v1: customers, their balances and wallets, and the balance of one wallet.

Source: the Swipelux contract, W1 to W4, read on 2026-11-20. Chosen where the contract is silent: 400 with a message
for a parameter the path does not take or a value out of range.
"""

from __future__ import annotations

from providers.simulator.faces.scene import Scene
from providers.simulator.faces.swipelux_bodies import (
    customer_balances,
    customer_page,
    wallet_balance,
    wallet_detail,
)
from providers.simulator.wire import Answer, Refused, Request, whole
from providers.simulator.world import Account, Company, Customer, Key

_FILTERS = ("email", "phone", "customerId", "type", "createdFrom", "createdTo")


def secret(request: Request) -> str:
    """Read the API key's header."""
    return request.headers.get("x-api-key", "")


def fail(status: int, message: str) -> Answer:
    """Make a v1 error body, which is a message alone."""
    return Answer(status=status, value={"message": message})


def respond(request: Request, scene: Scene) -> Answer:
    """Answer one request.

    Raises: Refused with the contract's error.
    """
    key = scene.key(secret(request), provider="swipelux")
    if key is None:
        raise Refused(fail(401, "Invalid or missing API key"))
    if request.method != "GET":
        raise Refused(fail(405, f"Cannot {request.method} {request.path}"))
    if request.segments == ("v1", "customers"):
        _permit(key, "customers:read")
        return _customers(request, company=scene.world.company_of(key), scene=scene)
    if request.query and request.segments[:1] == ("v1",):
        raise Refused(fail(400, f"Unknown parameter: {request.query[0][0]}"))
    return _single(request, key=key, scene=scene)


def _single(request: Request, *, key: Key, scene: Scene) -> Answer:
    """Answer the paths about one customer or one wallet."""
    company = scene.world.company_of(key)
    match request.segments:
        case ("v1", "customers", ref, "balances"):
            _permit(key, "balances:read")
            return Answer(
                value=customer_balances(company, customer=_customer(company, ref), scene=scene)
            )
        case ("v1", "wallets", ref, "balance") if scene.options.swipelux_wallet_balance == "on":
            _permit(key, "balances:read")
            return Answer(value=wallet_balance(company, account=_wallet(company, ref), scene=scene))
        case ("v1", "customers", ref, "wallets"):
            _permit(key, "wallets:read")
            wallets = _customer(company, ref).wallets
            found = [
                wallet_detail(company, account=company.accounts[one], scene=scene)
                for one in wallets
            ]
            return Answer(value={"wallets": found})
        case ("v1", "customers", ref, "wallets", wallet):
            _permit(key, "wallets:read")
            account = _wallet(company, wallet, owner=_customer(company, ref))
            return Answer(value=wallet_detail(company, account=account, scene=scene))
    raise Refused(fail(404, f"Cannot {request.method} {request.path}"))


def _permit(key: Key, permission: str) -> None:
    if permission not in key.permissions:
        raise Refused(fail(403, f"API key is missing required permission: {permission}"))


def _customer(company: Company, ref: str) -> Customer:
    if ref not in company.customers:
        raise Refused(fail(404, "Customer not found"))
    return company.customers[ref]


def _wallet(company: Company, ref: str, *, owner: Customer | None = None) -> Account:
    account = company.accounts.get(ref)
    if account is None or (owner and account.owner_ref != owner.ref):
        raise Refused(fail(404, "Wallet not found"))
    return account


def _number(
    sent: dict[str, str], name: str, *, default: int, least: int, most: int | None = None
) -> int:
    value = whole(sent[name]) if name in sent else default
    if value is None or value < least or (most and value > most):
        bounds = f"from {least}" + (f" to {most}" if most else "")
        raise Refused(fail(400, f"{name} must be an integer {bounds}"))
    return value


def _customers(request: Request, *, company: Company, scene: Scene) -> Answer:
    """Answer one page of customers, by page or by offset as the generation shown does, ignoring the other's."""
    try:
        sent = request.parameters()
    except ValueError as error:
        raise Refused(fail(400, f"{error} was sent more than once")) from error
    for name in sent:
        if name not in ("page", "limit", "offset", *_FILTERS):
            raise Refused(fail(400, f"Unknown parameter: {name}"))
        if name in _FILTERS:
            raise Refused(fail(422, f"{name} is not simulated"))
    by_offset = scene.options.swipelux_list == "offset"
    limit = _number(sent, "limit", default=20 if by_offset else 50, least=1, most=100)
    page = _number(sent, "page", default=1, least=1)
    offset = _number(sent, "offset", default=0, least=0)
    start = offset if by_offset else (page - 1) * limit
    everyone = list(company.customers.values())
    return Answer(value=customer_page(everyone, start=start, limit=limit, page=page, scene=scene))
