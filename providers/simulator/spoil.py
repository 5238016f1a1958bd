"""Spoil a request, its answer or the way the answer is sent.

Each kind of fault is one small function on a `Case`; the table at the end says at which stage it works.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import formatdate
from time import time
from typing import Any, NamedTuple, Protocol

from providers.simulator.walk import EXACT
from providers.simulator.wire import Answer, Raw, Request, encode

_LISTS = ("items", "customers", "wallets")
_AMOUNTS = ("available_amount", "pending_amount", "amount")
_EMPTY = {
    "total_items": 0,
    "total_pages": 1,
    "totalCount": 0,
    "hasMore": False,
    "total": 0,
    "totalPages": 0,
}
_MIB = 1024 * 1024


class Setting(Protocol):
    """Name what a kind may read of its fault."""

    status: int
    seconds: float
    text: str
    number: int
    headers: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """Say how an answer is sent.

    Time: `delay` comes before it, `drip` between any two bytes, both in seconds.
    """

    delay: float = 0.0
    drip: float = 0.0
    drip_head: bool = False
    cut: bool = False
    hang: bool = False
    reset: bool = False
    endless: bool = False


@dataclass(slots=True, kw_only=True)
class Case:
    """Hold one exchange while faults work on it; `fail` words an error as the provider does."""

    request: Request
    fail: Callable[[int, str], Answer]
    answer: Answer = field(default_factory=Answer)
    delivery: Delivery = field(default_factory=Delivery)


def _same_page(case: Case, _: Setting) -> None:
    """Answer the first page whichever is asked for."""
    case.request.query = [pair for pair in case.request.query if pair[0] not in ("page", "offset")]


def _clamp(case: Case, fault: Setting) -> None:
    """Put fewer rows on a page than was asked for: `number`, or 10."""
    kept = [pair for pair in case.request.query if pair[0] not in ("per_page", "limit")]
    name = "per_page" if case.request.provider == "payiano" else "limit"
    case.request.query = [*kept, (name, str(fault.number or 10))]


def _status(case: Case, fault: Setting) -> None:
    """Fail with `status` (500), a message of `text`, and `headers`."""
    case.answer = case.fail(fault.status or 500, fault.text or "Simulated failure")
    case.answer.headers.update(fault.headers)


def _retry_after(case: Case, fault: Setting) -> None:
    """Throttle with 429 (or `status`) and a Retry-After of `text`, or of `seconds`."""
    case.answer = case.fail(fault.status or 429, "Too many requests")
    case.answer.headers["Retry-After"] = fault.text or f"{fault.seconds:.0f}"


def _redirect(case: Case, fault: Setting) -> None:
    """Send the client to `text` with 302 or `status`."""
    case.answer = Answer(status=fault.status or 302, raw=b"", content_type="text/plain")
    case.answer.headers["Location"] = fault.text or "http://127.0.0.1:9/elsewhere"


def _html(case: Case, fault: Setting) -> None:
    """Answer 200 with a web page, as a proxy in between does."""
    page = fault.text or "<!doctype html><title>Sign in</title><p>Please sign in.</p>"
    case.answer = Answer(
        status=fault.status or 200, raw=page.encode(), content_type="text/html; charset=utf-8"
    )


def _body(case: Case, fault: Setting) -> None:
    """Answer with `text` as the body, which may be empty."""
    case.answer.raw = fault.text.encode()
    case.answer.status = fault.status or case.answer.status


def _amount(case: Case, fault: Setting) -> None:
    """Write `text` in place of every amount, be it 1e400, true, null or "1,5"."""
    _replace(case, lambda _: fault.text)


def _nan(case: Case, _: Setting) -> None:
    """Write NaN in place of every amount."""
    _replace(case, lambda _: "NaN")


def _huge(case: Case, _: Setting) -> None:
    """Write a number that takes an age to turn into an integer."""
    _replace(case, lambda _: "1e999999")


def _zero(case: Case, _: Setting) -> None:
    """Write 0 in place of every amount."""
    _replace(case, lambda _: "0")


def _rescale(case: Case, fault: Setting) -> None:
    """Move the decimal point of every amount by `number` places (2), as a change of unit would."""
    _replace(case, lambda amount: format(EXACT.scaleb(Decimal(amount), fault.number or 2), "f"))


def _replace(case: Case, rewrite: Callable[[str], str]) -> None:
    case.answer.value = _rewritten(case.answer.value, rewrite)


def _rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """Copy a body with each amount rewritten, strings as strings and numbers as numbers."""
    if isinstance(value, Decimal):
        return Raw(rewrite(format(value, "f")))
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: rewrite(item)
        if key in _AMOUNTS and isinstance(item, str)
        else _rewritten(item, rewrite)
        for key, item in value.items()
    }


def _missing(case: Case, fault: Setting) -> None:
    """Leave out the key `text` wherever it stands."""
    case.answer.value = _without(case.answer.value, fault.text)


def _without(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, key) for name, item in value.items() if name != key}
    return [_without(item, key) for item in value] if isinstance(value, list) else value


def _rows(case: Case) -> list[Any]:
    """Find the list that the answer is about, a throw-away one when there is none."""
    value = case.answer.value
    if isinstance(value, dict):
        value = next((value[name] for name in _LISTS if name in value), [])
    return value if isinstance(value, list) else []


def _duplicate(case: Case, _: Setting) -> None:
    """List the first row twice."""
    rows = _rows(case)
    rows.extend(rows[:1])


def _drop(case: Case, fault: Setting) -> None:
    """Leave out the last `number` rows (1) and keep the totals."""
    del _rows(case)[-(fault.number or 1) :]


def _none(case: Case, _: Setting) -> None:
    """List nothing, and say so in the totals."""
    _rows(case).clear()
    if isinstance(case.answer.value, dict):
        for counts in (case.answer.value, case.answer.value.get("pagination", {})):
            counts.update({name: empty for name, empty in _EMPTY.items() if name in counts})


def _double_key(case: Case, _: Setting) -> None:
    """Name the first key of the body twice."""
    if isinstance(case.answer.value, dict):
        first = encode(next(iter(case.answer.value), ""))
        case.answer.raw = f"{{{first}:null,{encode(case.answer.value)[1:]}".encode()


def _gzip(case: Case, _: Setting) -> None:
    """Compress the body though nobody asked for it."""
    case.answer.raw = gzip.compress(case.answer.body())
    case.answer.headers["Content-Encoding"] = "gzip"


def _large(case: Case, fault: Setting) -> None:
    """Answer with a JSON list of `number` MiB (9)."""
    case.answer.raw = b"[" + b"0," * ((fault.number or 9) * _MIB // 2) + b"0]"


def _headers(case: Case, fault: Setting) -> None:
    """Add `headers`, and `number` made-up ones."""
    case.answer.headers.update(fault.headers)
    case.answer.headers.update({f"X-Filler-{n}": "x" * 32 for n in range(fault.number)})


def _date(case: Case, fault: Setting) -> None:
    """Put the Date header off by `seconds`, or write `text` in it."""
    case.answer.headers["Date"] = fault.text or formatdate(time() + fault.seconds, usegmt=True)


def _delay(case: Case, fault: Setting) -> None:
    """Wait `seconds` before the answer."""
    case.delivery.delay += fault.seconds


def _drip(case: Case, fault: Setting) -> None:
    """Send the body byte by byte, `seconds` apart (0.2); with text `head` the head as well."""
    case.delivery.drip = fault.seconds or 0.2
    case.delivery.drip_head = fault.text == "head"


def _flag(name: str) -> Callable[[Case, Setting], None]:
    """Make the kind that sets one flag of the delivery."""

    def spoil(case: Case, _: Setting) -> None:
        setattr(case.delivery, name, True)

    return spoil


def _nothing(_: Case, __: Setting) -> None:
    """Leave the exchange as it is: the world changes after it (see `Simulator.exchange`)."""


class Kind(NamedTuple):
    """Name the stage a kind works at, `request` before the face is asked or `answer` after, and its function."""

    stage: str
    spoil: Callable[[Case, Setting], None]


_REQUEST = {"same_page": _same_page, "clamp": _clamp}
_ANSWER = {
    "status": _status,
    "retry_after": _retry_after,
    "redirect": _redirect,
    "html": _html,
    "body": _body,
    "amount": _amount,
    "nan": _nan,
    "huge": _huge,
    "zero": _zero,
    "rescale": _rescale,
    "missing": _missing,
    "duplicate": _duplicate,
    "drop": _drop,
    "none": _none,
    "double_key": _double_key,
    "gzip": _gzip,
    "large": _large,
    "headers": _headers,
    "date": _date,
    "delay": _delay,
    "drip": _drip,
    "truncate": _flag("cut"),
    "hang": _flag("hang"),
    "reset": _flag("reset"),
    "endless": _flag("endless"),
    "page_shift": _nothing,
}
KINDS = {name: Kind("request", spoil) for name, spoil in _REQUEST.items()}
KINDS.update({name: Kind("answer", spoil) for name, spoil in _ANSWER.items()})
