"""Speak Payman's REST surface: one bare JSON number for one subject in one currency.

Source: the Payman contract, R1 to R3, read on 2026-11-20. Chosen where the contract is silent: 406 for a missing media
type, 400 `invalid_parameter` for a parameter the path does not take.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from providers.simulator import walk
from providers.simulator.faces.scene import Scene
from providers.simulator.wire import Answer, Refused, Request
from providers.simulator.world import Company, scale_of

MEDIA_TYPE = "application/vnd.payman.v1+json"
_CODES = {
    400: "invalid_parameter",
    401: "not_authorized",
    403: "not_allowed",
    404: "entity_not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    429: "too_many_requests",
}


def secret(request: Request) -> str:
    """Read the API secret's header."""
    return request.headers.get("x-payman-api-secret", "")


def fail(status: int, message: str, *, code: str = "", **context: str) -> Answer:
    """Make an `APIError` body."""
    at = datetime.now(UTC)
    trace = hashlib.blake2b(f"{at.timestamp()}{message}".encode(), digest_size=6).hexdigest()
    value = {
        "status": status,
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "errorCode": code or _CODES.get(status, "internal_error"),
        "message": message,
        "context": context,
        "traceId": f"trace_{trace}",
    }
    return Answer(status=status, value=value, content_type=MEDIA_TYPE)


def respond(request: Request, scene: Scene) -> Answer:
    """Answer one request.

    Raises: Refused with the contract's error.
    """
    key = scene.key(secret(request), provider="payman")
    if key is None:
        raise Refused(fail(401, "Invalid or missing API secret"))
    company = scene.world.company_of(key)
    if request.method != "GET":
        raise Refused(fail(405, f"Method {request.method} is not supported"))
    match request.segments:
        case ("me",) | ("version",):
            return _identity(request, company=company, scene=scene)
        case ("balances", "currencies", currency):
            _check(request)
            return _balance(company, "agent", currency, scene=scene)
        case ("balances", "customers", customer, "currencies", currency) if _serves(scene, "v1"):
            _check(request)
            return _balance(company, customer, currency, scene=scene)
        case ("accounts", "balances", "currencies", currency) if _serves(scene, "accounts"):
            customer = _check(request, "customerId")["customerId"]
            return _balance(company, customer, currency, scene=scene)
    raise Refused(fail(404, f"No resource at {request.path}"))


def _serves(scene: Scene, form: str) -> bool:
    return scene.options.payman_customer_path in {form, "both"}


def _accepts(request: Request, *, also: tuple[str, ...] = ()) -> None:
    """Insist on the media type that selects the API's version."""
    sent = {part.partition(";")[0].strip() for part in request.headers.get("accept", "").split(",")}
    if not sent & {MEDIA_TYPE, *also}:
        raise Refused(fail(406, f"Accept must name {MEDIA_TYPE}"))


def _check(request: Request, *names: str) -> dict[str, str]:
    """Insist on the media type and on exactly the named parameters."""
    _accepts(request)
    try:
        sent = request.parameters()
    except ValueError as error:
        raise Refused(fail(400, f"Parameter {error} was sent more than once")) from error
    for name in sent.keys() - set(names):
        raise Refused(fail(400, f"Unknown parameter {name}", parameter=name))
    for name in names:
        if not sent.get(name):
            message = f"Parameter {name} is required"
            raise Refused(fail(400, message, code="validation_error", parameter=name))
    return sent


def _identity(request: Request, *, company: Company, scene: Scene) -> Answer:
    """Answer /me, which older servers do not have, and /version."""
    _accepts(request, also=("*/*",))
    if request.query:
        raise Refused(fail(400, f"Unknown parameter {request.query[0][0]}"))
    if request.segments == ("version",):
        return Answer(value={"version": "2.7.0", "build": "simulator"}, content_type=MEDIA_TYPE)
    if scene.options.payman_me == "off":
        raise Refused(fail(404, "No resource at /me"))
    handle = company.name.lower().replace(" ", "-")
    agent = {
        "agentId": company.ref,
        "handle": handle,
        "name": company.name,
        "description": "Pays vendors",
    }
    return Answer(value=agent, content_type=MEDIA_TYPE)


def _balance(company: Company, ref: str, currency: str, *, scene: Scene) -> Answer:
    """Answer what the subject can spend, at the currency's full scale."""
    if currency not in company.currencies:
        message = f"Currency {currency} is not supported"
        raise Refused(fail(400, message, code="invalid_currency", currency=currency))
    account = company.accounts.get(ref)
    if account is None:
        message = f"Customer {ref} was not found"
        raise Refused(fail(404, message, code="customer_not_found", customerId=ref))
    if currency in account.holdings:
        amount = scene.figures(company, account, currency).available
    else:
        amount = walk.natural(0, scale=scale_of(currency))
    return Answer(value=_form(amount, form=scene.options.payman_form), content_type=MEDIA_TYPE)


def _form(amount: Any, *, form: str) -> Any:
    if form == "envelope":
        return {"data": amount}
    return format(amount, "f") if form == "string" else amount
