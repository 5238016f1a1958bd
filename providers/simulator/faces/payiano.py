"""Speak Payiano's merchant surface: the paged list of balances, whoami, and the older retrieve.

Source: the Payiano contract, B1 and B2, read on 2026-11-20. The error body is the one assumed there. Filters, sorting,
searching, aggregates and downloads are refused with 422 and say so.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from providers.simulator.faces.scene import Scene
from providers.simulator.wire import Answer, Refused, Request, whole
from providers.simulator.world import Account, Company, Key

_ULID = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}", re.IGNORECASE)
_LATER = ("q", "sort", "filters", "aggregations")
_CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    422: "validation_error",
    429: "too_many_requests",
}


def secret(request: Request) -> str:
    """Read the bearer token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def fail(status: int, message: str, *, errors: dict[str, list[str]] | None = None) -> Answer:
    """Make the assumed error body: message, code, and errors by parameter."""
    value: dict[str, Any] = {"message": message, "code": _CODES.get(status, "server_error")}
    if errors:
        value["errors"] = errors
    return Answer(status=status, value=value)


def respond(request: Request, scene: Scene) -> Answer:
    """Answer one request.

    Raises: Refused with the contract's error.
    """
    key = scene.key(secret(request), provider="payiano")
    if key is None:
        raise Refused(fail(401, "Unauthenticated."))
    company = scene.world.company_of(key)
    if request.method != "GET":
        raise Refused(fail(405, f"The {request.method} method is not supported for this route."))
    match request.segments:
        case ("app", "whoami"):
            _known(request)
            return Answer(
                value={"app": {"id": company.ref, "name": company.name, "is_active": True}}
            )
        case ("payment", "balances"):
            _permit(key, "payment.balances.view")
            return _list(request, company=company, scene=scene)
        case ("balances", ref) if scene.options.payiano_retrieve == "on":
            _permit(key, "balances_view")
            _known(request)
            return Answer(value={"balance": _retrieve(company, ref, scene=scene)})
    raise Refused(fail(404, "The requested resource was not found."))


def _permit(key: Key, permission: str) -> None:
    if permission not in key.permissions:
        raise Refused(fail(403, f"The application does not have the permission {permission}."))


def _invalid(name: str, message: str) -> Refused:
    return Refused(fail(422, "The given data was invalid.", errors={name: [message]}))


def _known(request: Request, *names: str) -> dict[str, str]:
    """Insist on the named parameters alone, each at most once; an empty one counts as null."""
    try:
        sent = request.parameters()
    except ValueError as error:
        raise _invalid(str(error), f"The {error} was sent more than once.") from error
    for name in sent:
        if name.partition("[")[0] in _LATER and names:
            raise _invalid(name, f"The {name} is not simulated.")
        if name not in names:
            raise _invalid(name, f"The {name} is not a known parameter.")
    return {name: value for name, value in sent.items() if value}


def _number(sent: dict[str, str], name: str, *, default: int, most: int | None = None) -> int:
    """Read a page number or size within its limits."""
    label = name.replace("_", " ")
    value = whole(sent[name]) if name in sent else default
    if value is None:
        raise _invalid(name, f"The {label} must be an integer.")
    if value < 1:
        raise _invalid(name, f"The {label} must be at least 1.")
    if most and value > most:
        raise _invalid(name, f"The {label} must not be greater than {most}.")
    return value


def _list(request: Request, *, company: Company, scene: Scene) -> Answer:
    """Answer one page of the balances."""
    sent = _known(request, "page", "per_page", "response_type")
    kind = sent.get("response_type", "json_list")
    if kind != "json_list":
        raise _invalid("response_type", f"The response type {kind} is not simulated.")
    page = _number(sent, "page", default=1)
    size = _number(sent, "per_page", default=25, most=200)
    accounts = list(company.accounts.values())
    items = [_item(company, one, scene=scene) for one in accounts[(page - 1) * size : page * size]]
    value = {
        "per_page": size,
        "total_pages": max(1, -(-len(accounts) // size)),
        "total_items": len(accounts),
        "current_page": page,
        "items": items,
    }
    return Answer(value=value)


def _retrieve(company: Company, ref: str, *, scene: Scene) -> dict[str, Any]:
    if not _ULID.fullmatch(ref):
        raise _invalid("id", "The id must be a valid ULID.")
    account = company.accounts.get(ref.lower())
    if account is None:
        raise Refused(fail(404, "The requested resource was not found."))
    return _item(company, account, scene=scene)


def _item(company: Company, account: Account, *, scene: Scene) -> dict[str, Any]:
    """Write one balance as the list has it."""
    currency = next(iter(account.holdings))
    figures = scene.figures(company, account, currency)
    return {
        "id": account.ref,
        "currency_code": currency,
        "available_amount": _short(figures.available),
        "pending_amount": _short(figures.pending or Decimal(0)),
    }


def _short(amount: Decimal) -> Decimal:
    """Drop trailing zeros, as JSON made from a float does: 50.50 is sent as 50.5, whole amounts as integers."""
    text = format(amount, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
