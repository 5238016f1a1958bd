"""Carry one request in and one answer out, with numbers written exactly as a provider writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


class Raw(str):
    """Stand for text that goes into the JSON as it is, such as NaN."""

    __slots__ = ()


@dataclass(slots=True, kw_only=True)
class Request:
    """Hold one request: `path` is below the provider's prefix and as sent, `segments` its decoded parts."""

    provider: str
    method: str
    path: str
    segments: tuple[str, ...]
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes = b""

    def parameters(self) -> dict[str, str]:
        """Map the parameters by name.

        Raises: ValueError naming a parameter that was sent twice.
        """
        found: dict[str, str] = {}
        for name, value in self.query:
            if name in found:
                raise ValueError(name)
            found[name] = value
        return found


@dataclass(slots=True, kw_only=True)
class Answer:
    """Hold one answer: `value` is written as JSON, unless `raw` is set."""

    status: int = 200
    value: Any = None
    raw: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Write the body's bytes."""
        return encode(self.value).encode() if self.raw is None else self.raw


class Refused(Exception):
    """Carry the refusal that a face answers instead of what was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


def encode(value: Any) -> str:
    """Write a value as compact JSON, a Decimal as a number with every place it has."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{json.dumps(key)}:{encode(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(encode, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Raw):
        return value
    return json.dumps(value, ensure_ascii=False)


def whole(text: str) -> int | None:
    """Read a plain ASCII integer of at most 12 digits, None when it is anything else."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
