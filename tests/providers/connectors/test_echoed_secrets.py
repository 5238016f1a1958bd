"""No reading and no verdict holds the key it was asked with, wherever the server repeats it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.providers.connectors.stage import Case, recorded, text_answer

SECRET = "CANARY0123456789secret"
CASES = [Case(code) for code in ("payiano", "payman", "swipelux")]


def poisoned(node: Any) -> Iterator[Any]:
    """Yield the document once for each of its texts and keys, that one replaced by the secret."""
    yield SECRET
    if isinstance(node, dict):
        for key, child in node.items():
            rest = {name: each for name, each in node.items() if name != key}
            yield {**rest, SECRET: child}
            yield from ({**node, key: each} for each in poisoned(child))
    elif isinstance(node, list):
        for index, child in enumerate(node[:1]):
            yield from ([*node[:index], each, *node[index + 1 :]] for each in poisoned(child))


def bodies() -> Iterator[Any]:
    for case in CASES:
        for path, file in {**case.facts["replies"], **case.facts.get("verify", {})}.items():
            for number, tree in enumerate(poisoned(json.loads(recorded(case.code, file)))):
                yield pytest.param(case, path, json.dumps(tree), id=f"{case.code}-{file}-{number}")


@pytest.mark.parametrize(("case", "path", "body"), list(bodies()))
def test_repeated_secret_reaches_no_reading_and_no_verdict(
    case: Case, path: str, body: str
) -> None:
    stage = case.stage()
    stage.secrets = dict.fromkeys(stage.secrets, SECRET)
    stage.on(path, text_answer(body, kind=case.facts["content_type"]))

    readings, verdict = stage.fetch(), stage.verify()

    assert readings
    assert "canary" not in repr([readings, verdict]).lower()
