"""Break one part, one page, or all of it: each says so, and the log knows under the same reference."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client

from balances.models import Balance, Closing, ClosingTotal
from providers.models import Credential, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.balances.closings.histories import close_all, grow
from tests.conftest import PASSWORD
from tests.processes import cache_away
from tests.screen import Screen, SignIn, stop_clock

RECORDED = re.compile(r"It was recorded under ([0-9a-f]{8})\.")
HISTORY = "//section[contains(@id, '-history')]"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    client = sign_in(alice)
    client.raise_request_exception = False
    return client


@pytest.fixture
def balance(acme: Tenant) -> Balance:
    """Give a balance of three closed days."""
    credential: Credential = make_credential(acme, provider="payiano", name="Collections")
    grown: Balance = grow(credential, ["10", "20", "25.5"])
    close_all(credential)
    return grown


@contextmanager
def without(model: type[Model]) -> Iterator[None]:
    """Take a table away."""
    name = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO gone")
        yield
        cursor.execute(f"ALTER TABLE gone RENAME TO {name}")


def logged(caplog: pytest.LogCaptureFixture, reference: str) -> list[dict[str, Any]]:
    """Return what the log holds under a reference."""
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if str(line.get("request_id", "")).startswith(reference)]


def reference_in(text: str) -> str:
    (found,) = set(RECORDED.findall(text))
    return str(found)


def test_an_overview_whose_history_cannot_be_read_still_shows_every_total(
    client: Client, balance: Balance, caplog: pytest.LogCaptureFixture
) -> None:
    with without(ClosingTotal):
        screen = Screen(client.get("/acme/?range=30"))

    part = screen.part(HISTORY)
    assert "The history could not be read" in part.text()
    assert part.href("Try again") == "/acme/?range=30"
    assert "25.50" in screen.text("//ul[contains(@class, 'totals')]")
    assert screen.has("//*[@id='dashboard-health']//li")
    assert not screen.has("//*[@aria-labelledby='h-changes']")
    lines = logged(caplog, reference_in(part.text()))
    assert "page_part_failed" in [line["event"] for line in lines]
    assert "The history could not be read" not in Screen(client.get("/acme/")).text("//main")


def test_a_balance_whose_history_cannot_be_read_still_shows_its_figures(
    client: Client, balance: Balance, caplog: pytest.LogCaptureFixture
) -> None:
    with without(Closing):
        screen = Screen(client.get(f"/acme/balances/{balance.public_id}/"))

    assert "The history could not be read" in screen.text(HISTORY)
    assert "25.50" in screen.text("//*[@aria-labelledby='h-figures']")
    assert logged(caplog, reference_in(screen.text(HISTORY)))


def test_a_health_that_cannot_be_read_leaves_the_totals(client: Client, acme: Tenant) -> None:
    make_balance(make_credential(acme), "USD", "10")
    with without(SyncRun):
        screen = Screen(client.get("/acme/"))

    part = screen.part("//*[@id='dashboard-health']")
    assert "The sync health could not be read" in part.text()
    # It asks again by itself, and must not speak each time.
    assert not part.has(".//*[@role='alert']")
    assert "10.00" in screen.text("//ul[contains(@class, 'totals')]")


def test_a_page_that_failed_names_the_reference_the_log_holds(
    client: Client, balance: Balance, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("balances.results.one", broken)
    answer = client.get(f"/acme/balances/{balance.public_id}/")
    screen = Screen(answer, status=500)

    assert screen.text("//h1") == "This page failed"
    assert "secret detail" not in answer.content.decode()
    lines = logged(caplog, reference_in(screen.text("//main")))
    assert any("RuntimeError" in str(line.get("exception", line)) for line in lines)


def test_a_form_that_failed_leads_back_to_its_page_and_promises_nothing(
    client: Client, balance: Balance, monkeypatch: Any
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("balances.lifecycle.rename_account", broken)
    page = f"http://testserver/acme/balances/{balance.public_id}/"
    address = f"/acme/accounts/{balance.account.public_id}/rename/"
    answer = client.post(address, {"display_name": "Till"}, headers={"Referer": page})
    screen = Screen(answer, status=500)

    assert screen.href("Back to the page") == f"/acme/balances/{balance.public_id}/"
    assert "Look whether the change was made before you repeat it." in screen.text("//main")


@pytest.mark.parametrize("address", ["/acme/sync/", "/account/name/"])
def test_an_address_that_takes_forms_says_so_to_who_opens_it(client: Client, address: str) -> None:
    screen = Screen(client.get(address), status=405)

    assert screen.text("//h1") == "This address takes a form and shows nothing"
    assert screen.has("//main//a")


def test_a_form_of_more_than_1_mb_is_refused_in_words(client: Client, bob: User) -> None:
    answer = client.post("/account/name/", {"name": "x" * 1_100_000})
    screen = Screen(answer, status=400)

    assert screen.text("//h1") == "This request was not read"
    assert "larger than 1 MB" in screen.text("//main")


def test_who_tries_too_often_is_told_how_long_to_wait(bob: User) -> None:
    cache.clear()
    client = Client()
    for _ in range(5):
        assert client.post("/accounts/password/reset/", {"email": bob.email}).status_code == 302
    answer = client.post("/accounts/password/reset/", {"email": bob.email})
    cache.clear()

    assert Screen(answer, status=429).text("//h1") == "Too many tries"
    assert answer["Retry-After"] == "60"


def test_a_sign_in_whose_limits_cannot_be_counted_is_503_and_says_when_to_come_again(
    alice: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = cache_away()
    client = Client(raise_request_exception=False)

    answer = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})

    screen = Screen(answer, status=503)
    assert answer["Retry-After"] == "30"
    assert logged(caplog, reference_in(screen.text("//main")))
    assert "_auth_user_id" not in client.session
