import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from dashboard import environment
from tests.processes import ROOT


def test_words_between_commas_lose_their_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_HOSTS", " stub.example:8443, http://127.0.0.1:9101 ,")

    assert environment.texts("PROVIDER_HOSTS") == ["stub.example:8443", "http://127.0.0.1:9101"]


@pytest.mark.parametrize("value", [None, "", " , "])
def test_no_words_are_the_default(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    if value is not None:
        monkeypatch.setenv("ALLOWED_HOSTS", value)

    assert environment.texts("ALLOWED_HOSTS", default=["localhost"]) == ["localhost"]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the function that sets the one variable these tests read."""
    return lambda value: monkeypatch.setenv("X", value)


@pytest.mark.parametrize(
    ("read", "value", "right"),
    [
        (lambda: environment.whole("X", default=1), "abc", "'abc'; it must be a whole number"),
        (lambda: environment.whole("X", default=1, least=1), "0", "'0'; it must be a whole number"),
        (lambda: environment.whole("X", default=1), "-1", "a whole number, 0 or more"),
        (lambda: environment.seconds("X", default=5), "nan", "'nan'; it must be a number of"),
        (lambda: environment.seconds("X", default=5), "inf", "a number of seconds"),
        (lambda: environment.seconds("X", default=5), "20s", "a number of seconds"),
        (lambda: environment.switch("X"), "maybe", "'maybe'; it must be true or false"),
        (lambda: environment.log_level("X"), "loud", "one of DEBUG, INFO"),
        (lambda: environment.zone("X", default="UTC"), "Mars/X", "such as Africa/Cairo"),
        (lambda: environment.zone("X", default="UTC"), "Europe", "such as Africa/Cairo"),
        (lambda: environment.zone("X", default="UTC"), "../etc/passwd", "such as Africa/Cairo"),
        (lambda: environment.email("X", default=""), "bogus", r"such as smtp\+tls://user:"),
        (lambda: environment.email("X", default=""), "smtp://h:port", r"such as smtp\+tls://user:"),
        (lambda: environment.cache("X", default=""), "bogus", "such as redis://host/1"),
        (lambda: environment.database("X", default=""), "bogus", "such as postgres://user:"),
        (lambda: environment.database("X", default=""), "mysql://h/n", "such as postgres://user:"),
        (lambda: environment.database("X", default=""), "postgres://h:p/n", "such as postgres://"),
    ],
)
def test_value_not_understood_ends_the_process_with_what_would_be_right(
    given: Callable[[str], None], read: Callable[[], object], value: str, right: str
) -> None:
    given(value)

    with pytest.raises(SystemExit, match=f"^X is .*{right}"):
        read()


@pytest.mark.parametrize(
    ("read", "value", "meant"),
    [
        (lambda: environment.whole("X", default=1), " 3 ", 3),
        (lambda: environment.whole("X", default=1), "", 1),
        (lambda: environment.seconds("X", default=5), "0.5", 0.5),
        (lambda: environment.seconds("X", default=5), "1e3", 1000),
        (lambda: environment.seconds("X", default=5), "", 5),
        (lambda: environment.switch("X"), "On", True),
        (lambda: environment.switch("X"), "0", False),
        (lambda: environment.switch("X"), "", False),
        (lambda: environment.log_level("X"), "info", "INFO"),
        (lambda: environment.zone("X", default="UTC"), "Africa/Cairo", "Africa/Cairo"),
        (lambda: environment.text("X"), "$a,key of signs", "$a,key of signs"),
    ],
)
def test_value_is_read_as_it_is_meant(
    given: Callable[[str], None], read: Callable[[], object], value: str, meant: object
) -> None:
    given(value)

    assert read() == meant


def test_address_that_is_not_understood_is_not_repeated(given: Callable[[str], None]) -> None:
    given("smtq://user:p4ssword@host:587")

    with pytest.raises(SystemExit) as refused:
        environment.email("X", default="")

    assert "p4ssword" not in str(refused.value)


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["-m", "celery", "-A", "dashboard", "worker", "--pool", "solo"],
        ["-m", "gunicorn", "dashboard.wsgi", "--preload", "--no-control-socket"],
    ],
    ids=["command", "worker", "web"],
)
def test_process_with_a_bad_value_says_one_line_and_no_traceback(command: list[str]) -> None:
    environ = {"PATH": os.environ["PATH"], "DEMO": "true", "VISIBILITY_SECONDS": "nan"}

    run = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert run.returncode != 0
    said = "VISIBILITY_SECONDS is 'nan'; it must be a number of seconds, such as 30 or 0.5."
    assert said in run.stderr
    assert "Traceback" not in run.stderr
