"""Type what is no text: it is refused in words, and a secret in it is not shown."""

import io
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from providers.models import Credential
from providers.tenancy.management.stdin import text_of
from providers.tenancy.models import Tenant, User
from tests.processes import ROOT

SECRET = b"access_token=s3cret-\xff-token\n"
ENCODINGS = pytest.mark.parametrize("errors", ["strict", "surrogateescape"])


@pytest.fixture
def _typed(monkeypatch: pytest.MonkeyPatch, errors: str) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(SECRET), encoding="utf-8", errors=errors)
    monkeypatch.setattr("sys.stdin", stdin)


def test_text_is_returned_as_it_stands() -> None:
    assert text_of(io.StringIO("pässword\n").readline) == "pässword\n"


@ENCODINGS
@pytest.mark.usefixtures("_typed")
def test_password_that_is_no_text_is_refused(acme: Tenant) -> None:
    words = ("eve@acme.example", "--tenant", "acme", "--role", "viewer", "--password-stdin")

    with pytest.raises(CommandError, match="not UTF-8") as refused:
        call_command("create_user", *words)

    assert "s3cret" not in str(refused.value)
    assert refused.value.__suppress_context__
    assert not User.objects.exists()


@ENCODINGS
@pytest.mark.usefixtures("_typed")
def test_secret_that_is_no_text_is_refused(acme: Tenant) -> None:
    words = ("--tenant", "acme", "--provider", "payiano", "--name", "Main", "--secrets-stdin")

    with pytest.raises(CommandError, match="not UTF-8") as refused:
        call_command("add_credential", *words, "--no-test")

    assert "s3cret" not in str(refused.value)
    assert not Credential.unscoped.exists()


def test_argument_that_is_no_text_is_refused_by_its_place() -> None:
    command: list[str | bytes] = [sys.executable, "manage.py", "list_balances", "--tenant"]

    run = subprocess.run([*command, b"ac\xffme"], cwd=ROOT, capture_output=True, check=False)

    assert run.returncode == 2
    assert run.stderr.decode() == "Argument 3 holds bytes that are not UTF-8 text.\n"
