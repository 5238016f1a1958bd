"""Play a provider from recorded replies, and count what it is asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from providers.connectors import CONNECTORS
from providers.connectors.base import Connector, Values, Verdict
from providers.http import Client
from providers.rows import Environment, ScopeReading, Wanted

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVERYTHING = Wanted()

Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


def json_answer(
    body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    return text_answer(json.dumps(body), status=status, headers=headers)


def text_answer(
    body: str | bytes,
    *,
    status: int = 200,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    content = body.encode() if isinstance(body, str) else body
    return httpx.Response(
        status, content=content, headers={"Content-Type": kind, **(headers or {})}
    )


@dataclass
class Stage:
    """Hold one connector with settings and secrets, and the replies it gets by path and query."""

    code: str
    replies: dict[str, list[Answer]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    @property
    def connector(self) -> Connector:
        return CONNECTORS[self.code]

    @cached_property
    def values(self) -> Values:
        settings = self.connector.parse_settings(self.settings)
        return self.connector.values(settings, secrets=self.secrets)

    @property
    def paths(self) -> list[str]:
        return [each.url.raw_path.decode() for each in self.asked]

    def on(self, path: str, *answers: Answer) -> "Stage":
        """Answer a path with one reply after the other, the last one for ever."""
        self.replies[path] = list(answers)
        return self

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answers = self.replies.get(request.url.raw_path.decode())
        if answers is None:
            return json_answer({"message": "Not found"}, status=404)
        chosen = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(chosen):
            return chosen(request)
        # A response object is spent once read, so each request gets one of its own.
        return httpx.Response(chosen.status_code, content=chosen.content, headers=chosen.headers)

    def client(self) -> Client:
        return Client(
            base_url=self.connector.base_url(self.values, environment=Environment.LIVE),
            secrets=self.secrets.values(),
            allowed_hosts=self.connector.hosts,
            transport=httpx.MockTransport(self.answer),
            sleep=lambda _: None,
            now=lambda: NOW,
            jitter=lambda low, _: low,
            **self.connector.client_options(self.values),
        )

    def fetch(self, wanted: Wanted = EVERYTHING) -> list[ScopeReading]:
        with self.client() as http:
            return list(self.connector.fetch_scopes(http, self.values, wanted))

    def verify(self) -> Verdict:
        with self.client() as http:
            return self.connector.verify(http, self.values)


@dataclass
class Case:
    """Hold one provider's recorded world, from `tests/fixtures/<code>/case.json`."""

    code: str

    @cached_property
    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((FIXTURES / self.code / "case.json").read_text())
        return facts

    def stage(self, **replaced: httpx.Response) -> Stage:
        """Set the stage; `replaced` maps a file's stem, dashes as underscores, to another reply."""
        stage = Stage(self.code, settings=self.facts["settings"], secrets=self.facts["secrets"])
        for path, file in {**self.facts["replies"], **self.facts.get("verify", {})}.items():
            stem = file.removesuffix(".json").replace("-", "_")
            stage.on(path, replaced.get(stem) or self.reply(file))
        return stage

    def reply(self, file: str) -> httpx.Response:
        return text_answer(recorded(self.code, file), kind=self.facts["content_type"])

    def everything(self, answer: Answer) -> Stage:
        """Set a stage where every path gets the same answer."""
        stage = self.stage()
        for path in stage.replies:
            stage.on(path, answer)
        return stage


def recorded(code: str, file: str) -> str:
    return (FIXTURES / code / file).read_text()
