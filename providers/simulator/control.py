"""Steer a running simulator over HTTP: read its keys, truth and log; edit, fault, set the clock and the switches.

GET  /_control/            what runs here: world, step, base URLs, companies, secrets, settings, options
GET  /_control/truth?provider=SLOT      every balance now, amounts as strings
GET  /_control/log?limit=N              latest requests, counts by provider and status, most in flight per slot
GET  /_control/faults
POST /_control/edit        {"action": …, fields}        see edits.ACTIONS, and advance, hold, follow for the clock
POST /_control/fault       {"kind": …, fields}          see spoil.KINDS
POST /_control/options     {name: value, …}
POST /_control/clear       {"what": "faults" | "log"}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from providers.simulator.faces import FACES
from providers.simulator.listener import Call
from providers.simulator.wire import Answer

if TYPE_CHECKING:
    from providers.simulator.server import Simulator

Query = dict[str, str]
_LOCAL = ("127.0.0.1", "localhost")


def respond(simulator: Simulator, *, call: Call, pairs: list[tuple[str, str]]) -> Answer:
    """Answer one call to the control address; web pages of other origins are kept out by Host and type."""
    path = call.target.partition("?")[0].removeprefix("/_control").strip("/")
    if call.headers["host"].partition(":")[0] not in _LOCAL:
        return _refuse(403, "the control address answers to 127.0.0.1 and localhost only")
    try:
        if call.method == "GET" and path in READS:
            return Answer(value=READS[path](simulator, dict(pairs)))
        if call.method == "POST" and path in WRITES:
            return Answer(value=WRITES[path](simulator, _fields(call)))
    except ValueError as error:
        return _refuse(400, str(error))
    return _refuse(404, f"no {call.method} /_control/{path}")


def _refuse(status: int, message: str) -> Answer:
    return Answer(status=status, value={"message": message})


def _fields(call: Call) -> dict[str, Any]:
    """Read the JSON object of a call.

    Raises: ValueError for anything else.
    """
    if call.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise ValueError("send application/json")
    fields = json.loads(call.body or b"{}")
    if not isinstance(fields, dict):
        raise ValueError("send a JSON object")
    return fields


def overview(simulator: Simulator, _: Query | None = None) -> dict[str, Any]:
    """Describe what runs here, with everything a program needs to connect."""
    return {
        "url": simulator.url,
        "world": simulator.world.name,
        "seed": simulator.world.seed,
        "step": simulator.clock.step(),
        "held": simulator.clock.held,
        "base_urls": {provider: simulator.base_url(provider) for provider in FACES},
        "companies": {slot: one.name for slot, one in simulator.world.companies.items()},
        "secrets": simulator.secrets,
        "settings": simulator.settings,
        "names": simulator.names,
        "options": asdict(simulator.options),
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _truth(simulator: Simulator, query: Query) -> list[dict[str, Any]]:
    found = simulator.truth(query.get("provider", ""), query.get("secret"))
    return [
        {"account_ref": ref, "currency": currency}
        | {kind: _text(amount) for kind, amount in figures.items()}
        for (ref, currency), figures in found.items()
    ]


def _log(simulator: Simulator, query: Query) -> dict[str, Any]:
    entries = simulator.log[-int(query.get("limit", "1000")) :]
    counts = simulator.requests.counts
    return {
        "entries": [entry.plain() for entry in entries],
        "counts": {f"{provider} {status}": n for (provider, status), n in counts.items()},
        "max_in_flight": simulator.requests.max_in_flight,
    }


def _faults(simulator: Simulator, _: Query) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(fault.plain())) for fault in simulator.faults.faults]


def _edit(simulator: Simulator, fields: dict[str, Any]) -> dict[str, Any]:
    return simulator.edit(**{"action": "", **fields})


def _fault(simulator: Simulator, fields: dict[str, Any]) -> dict[str, Any]:
    return simulator.fault(**{"kind": "", **fields}).plain()


def _options(simulator: Simulator, fields: dict[str, Any]) -> dict[str, Any]:
    simulator.options.change(**fields)
    return asdict(simulator.options)


def _clear(simulator: Simulator, fields: dict[str, Any]) -> dict[str, Any]:
    what = fields.get("what")
    if what not in {"faults", "log"}:
        raise ValueError('what is "faults" or "log"')
    simulator.faults.clear() if what == "faults" else simulator.requests.clear()
    return {"cleared": what}


READS: dict[str, Callable[[Simulator, Query], Any]] = {
    "": overview,
    "truth": _truth,
    "log": _log,
    "faults": _faults,
}
WRITES: dict[str, Callable[[Simulator, dict[str, Any]], Any]] = {
    "edit": _edit,
    "fault": _fault,
    "options": _options,
    "clear": _clear,
}
