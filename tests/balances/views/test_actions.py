"""The buttons: what they change, what they say, and where they lead back to."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from balances import tasks
from balances.models import Account, HeldReading
from providers import schedule
from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import make_credential
from tests.balances.readings import MINUTE, T0, balance, keep, row

LIST = "http://testserver/acme/balances/?currency=USD"


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    return make_credential(acme, due_at=schedule.database_now() + MINUTE)


@pytest.fixture
def account(credential: Credential) -> Account:
    keep(credential, row("m-1", "10.00"))
    Credential.unscoped.update(lease_until=None)
    return balance("m-1").account


@pytest.fixture
def admin(alice: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(alice)


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gather the wake-ups instead of sending them."""
    sent: list[int] = []
    monkeypatch.setattr(tasks, "wake", sent.extend)
    return sent


def post(client: Client, name: str, *ids: str, **body: str) -> list[str]:
    """Post to an address of acme and return what is then said; it must lead back to the list."""
    answer = client.post(
        reverse(f"balances:{name}", args=["acme", *ids]), body, headers={"Referer": LIST}
    )
    assert (answer.status_code, answer.url) == (302, LIST)  # type: ignore[attr-defined]  # a redirect
    return [str(message) for message in client.get(LIST).context["messages"]]


def test_sync_now_commits_the_wish_and_wakes_after_it(
    admin: Client,
    alice: User,
    credential: Credential,
    woken: list[int],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        said = post(admin, "sync")

    credential.refresh_from_db()
    assert credential.requested_by == alice
    assert woken == [credential.pk]
    assert said == ["1 credential is read now."]


def test_sync_of_one_leaves_the_others_alone(
    admin: Client, acme: Tenant, credential: Credential
) -> None:
    other = make_credential(acme)

    post(admin, "sync", credential=credential.public_id)

    other.refresh_from_db()
    assert other.due_at is None


def test_sync_joins_a_run_under_way(admin: Client, credential: Credential) -> None:
    schedule.claim(credential.pk, is_forced=True)

    assert "under way" in post(admin, "sync")[0]


def test_sync_without_an_active_credential_says_so(admin: Client, acme: Tenant) -> None:
    make_credential(acme, paused_at=T0)

    assert post(admin, "sync") == ["There is no active credential to read."]


def test_sync_of_a_foreign_credential_is_not_found(admin: Client, globex: Tenant) -> None:
    foreign = make_credential(globex)

    answer = admin.post(reverse("balances:sync", args=["acme"]), {"credential": foreign.public_id})

    assert answer.status_code == 404


@pytest.mark.parametrize("referer", ["https://evil.example/", "", "//evil.example/x"])
def test_back_never_leads_to_another_site(admin: Client, acme: Tenant, referer: str) -> None:
    answer = admin.post(reverse("balances:sync", args=["acme"]), headers={"Referer": referer})

    assert answer.url == "/acme/balances/"  # type: ignore[attr-defined]  # a redirect


def test_account_is_named_closed_reopened_and_kept(admin: Client, account: Account) -> None:
    said = [
        post(admin, "rename", account.public_id, display_name="Till"),
        post(admin, "close", account.public_id, closed_from="2020-02-29", reason="merged"),
        post(admin, "reopen", account.public_id, reason="was wrong"),
        post(admin, "keep", account.public_id, reason="known"),
        post(admin, "holder", account.public_id, holder="customers", reason="treasury"),
    ]

    account.refresh_from_db()
    assert [len(each) for each in said] == [1] * 5
    assert (account.display_name, account.closed_at, account.holder) == ("Till", None, "CUSTOMERS")
    assert account.kept_at is not None


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("close", {"closed_from": "soon", "reason": "x"}, "Enter the day as YYYY-MM-DD."),
        ("close", {"closed_from": "2020-02-29"}, "Give a reason."),
        ("holder", {"holder": "NOBODY", "reason": "x"}, "Choose whose money it is."),
        ("rename", {"display_name": "x" * 121}, "A name has at most 120 printable characters."),
    ],
)
def test_what_is_not_understood_is_said_and_changes_nothing(
    admin: Client, account: Account, name: str, body: dict[str, str], why: str
) -> None:
    before = Account.unscoped.values().get()

    assert post(admin, name, account.public_id, **body) == [why]
    assert Account.unscoped.values().get() == before


@pytest.mark.parametrize(("decision", "state"), [("accept", "ACCEPTED"), ("x", "WAITING")])
def test_held_reading_is_decided_by_its_button(
    admin: Client, account: Account, credential: Credential, decision: str, state: str
) -> None:
    keep(credential, row("m-1", "1000.00"), at=T0 + MINUTE)
    held = HeldReading.unscoped.get()

    post(admin, "held_decide", held.public_id, decision=decision, reason="agreed")

    held.refresh_from_db()
    assert held.decision == state


def test_credential_is_paused_resumed_and_retired(admin: Client, credential: Credential) -> None:
    post(admin, "pause", credential.public_id)
    credential.refresh_from_db()
    paused = credential.paused_at
    post(admin, "resume", credential.public_id)
    credential.refresh_from_db()
    resumed = credential.paused_at

    answer = admin.post(reverse("balances:retire", args=["acme", credential.public_id]))

    credential.refresh_from_db()
    assert paused is not None
    assert resumed is None
    assert credential.retired_at is not None
    assert answer.url == "/acme/providers/"  # type: ignore[attr-defined]  # a redirect
