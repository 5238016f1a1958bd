"""Check that every action somewhere recorded has its words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from providers.tenancy.models import ActivityEntry, User
from providers.tenancy.sentences import GROUPS, SENTENCES, actions_of, sentence, who

ROOT = Path(__file__).resolve().parents[3]
RECORDERS = {"record", "_record", "record_for"}
CODE = re.compile(r"[a-z_]+\.[a-z_]+|sign_(?:in|out)")


def recorded() -> Iterator[str]:
    """Find every action code in a call that records one."""
    for app in ("providers", "balances", "dashboard"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and name_of(node.func) in RECORDERS:
                    yield from codes(node)


def name_of(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))


def codes(call: ast.Call) -> Iterator[str]:
    for given in [*call.args, *(k.value for k in call.keywords if k.arg == "action")]:
        for node in ast.walk(given):
            if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
                yield str(node.value)


def test_every_action_in_use_has_a_sentence_and_every_sentence_an_action() -> None:
    assert set(recorded()) == set(SENTENCES)


def test_an_action_belongs_to_one_group() -> None:
    assert sum(len(group.sentences) for group in GROUPS) == len(SENTENCES)
    assert actions_of("held") == ["held.accept", "held.discard"]
    assert actions_of("sign_in") is None


def test_a_sentence_names_its_object_as_it_stands() -> None:
    entry = ActivityEntry(action="account.close", object_label="100 %(object)s %d")

    assert sentence(entry) == "Closed the account 100 %(object)s %d"


def test_an_action_of_another_version_is_named_by_its_code() -> None:
    entry = ActivityEntry(action="moon.land", object_label="Acme")

    assert sentence(entry) == "moon.land Acme"


def test_who_did_it_is_never_left_open() -> None:
    assert who(ActivityEntry(action="account.close", actor=User(name="Alice"))) == "Alice"
    assert who(ActivityEntry(action="sign_in.failed")) == "Somebody at the door"
    assert who(ActivityEntry(action="account.reopen")) == "Operator or system"
