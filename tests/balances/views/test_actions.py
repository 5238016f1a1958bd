"""The buttons: what they change, what they say, and where they lead back to."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from balances import tasks
from balances.models import Account, HeldReading
from providers import schedule
from providers.models import Credential
from providers.tenancy.models import Tenant, User
from tests.balances.builders import FIRST_SEEN, NOW, make_credential
from tests.balances.readings import MINUTE, T0, balance, keep, row
from tests.screen import Screen

LIST = "http://testserver/acme/balances/?currency=USD"


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    return make_credential(acme, due_at=schedule.database_now() + MINUTE)


@pytest.fixture
def account(credential: Credential) -> Account:
    keep(credential, row("m-1", "10.00"))
    Credential.unscoped.update(lease_until=None)
    Account.unscoped.update(created_at=FIRST_SEEN)
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
    ("name", "body", "field", "why"),
    [
        ("close", {"closed_from": "soon"}, "closed_from", "Write the day as 2026-11-20."),
        ("close", {"closed_from": "0001-01-01"}, "closed_from", "first seen on 2020-01-01"),
        ("close", {"closed_from": "9999-12-31"}, "closed_from", "from today or from an earlier"),
        ("close", {"closed_from": "2020-02-29", "reason": " "}, "reason", "Give a reason"),
        ("holder", {"holder": "NOBODY"}, "holder", "Choose Own or Customers'."),
        ("rename", {"display_name": "x" * 121}, "display_name", "Use up to 120 letters."),
        ("rename", {"display_name": "a\u202eb"}, "display_name", "no marks that hide"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_beside_what_was_typed_and_changes_nothing(
    admin: Client, account: Account, name: str, body: dict[str, str], field: str, why: str
) -> None:
    before = Account.unscoped.values().get()
    typed = {"reason": "“merged”", **body}
    answer = admin.post(reverse(f"balances:{name}", args=["acme", account.public_id]), typed)

    form = Screen(answer, status=422).part(f"//form[contains(@action, '/{name}/')]")
    control = form.part(f".//*[@name='{field}']").root
    assert (control.get("aria-invalid"), control.get("aria-describedby")) == (
        "true",
        f"{name}-{field}-note",
    )
    assert why in form.text(f".//*[@id='{name}-{field}-note']")
    for key, value in typed.items():
        if (key, value) != ("holder", "NOBODY"):
            assert form.texts(f".//input[@name='{key}']/@value") in ([value], [])
    assert Screen(answer, status=422).has("//*[@role='alert' and @autofocus]")
    assert Account.unscoped.values().get() == before


def test_a_form_mended_on_the_refused_page_leads_back_to_the_balance(
    admin: Client, account: Account
) -> None:
    address = reverse("balances:close", args=["acme", account.public_id])
    mended = {"closed_from": "2020-02-29", "reason": "merged"}
    answer = admin.post(address, mended, headers={"Referer": f"http://testserver{address}"})

    page = reverse("balances:detail", args=["acme", balance("m-1").public_id])
    assert answer.url == page  # type: ignore[attr-defined]  # a redirect
    account.refresh_from_db()
    assert account.closed_at is not None


def test_a_decision_taken_by_somebody_else_meanwhile_is_said_on_the_page(
    admin: Client, account: Account
) -> None:
    Account.unscoped.update(closed_at=T0, closed_from=T0.date())
    body = {"closed_from": "2020-02-29", "reason": "merged"}
    answer = admin.post(reverse("balances:close", args=["acme", account.public_id]), body)

    alert = Screen(answer, status=422).text("//*[@role='alert' and @autofocus]")
    assert alert == "Not closedThis account is closed already."


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("credential_holder", {"holder": "OWN"}, "Give a reason"),
        ("credential_holder", {"holder": "ours", "reason": "x"}, "Choose Own or Customers'."),
        ("retire", {"reason": "x" * 301}, "Use up to 300 letters."),
    ],
)
def test_what_is_wrong_about_a_credential_is_said_on_its_page(
    admin: Client, credential: Credential, name: str, body: dict[str, str], why: str
) -> None:
    answer = admin.post(reverse(f"balances:{name}", args=["acme", credential.public_id]), body)
    screen = Screen(answer, status=422)

    assert why in screen.text("//*[@role='alert' and @autofocus]")
    assert why in screen.text("//form//p[@class='error']")
    credential.refresh_from_db()
    assert (credential.holder, credential.retired_at) == ("", None)


def test_holders_of_payman_are_neither_offered_nor_changed(admin: Client, acme: Tenant) -> None:
    payman = make_credential(acme, provider="payman")
    address = reverse("balances:credential_holder", args=["acme", payman.public_id])
    page = reverse("providers:credential", args=["acme", payman.public_id])

    offered = Screen(admin.get(page)).has(f"//form[@action='{address}']")
    answer = admin.post(address, {"holder": "OWN", "reason": "x"})

    assert not offered
    assert "may contain its customers'" in Screen(answer, status=422).text("//*[@role='alert']")
    payman.refresh_from_db()
    assert payman.holder == ""


@pytest.mark.parametrize(("decision", "state"), [("accept", "ACCEPTED"), ("x", "WAITING")])
def test_held_reading_is_decided_by_its_button(
    admin: Client, account: Account, credential: Credential, decision: str, state: str
) -> None:
    keep(credential, row("m-1", "1000.00"), at=T0 + MINUTE)
    held = HeldReading.unscoped.get()

    address = reverse("balances:held_decide", args=["acme", held.public_id])
    answer = admin.post(address, {"decision": decision, "reason": "agreed"})

    held.refresh_from_db()
    assert held.decision == state
    assert answer.status_code == (302 if state == "ACCEPTED" else 422)


def test_held_reading_of_a_balance_that_moved_is_decided_on_its_page(
    admin: Client, account: Account, credential: Credential
) -> None:
    keep(credential, row("m-1", "1000.00"), ref="elsewhere", at=T0 + MINUTE)
    page = reverse("balances:detail", args=["acme", balance("m-1").public_id])
    form = Screen(admin.get(page)).part("//form[contains(@action, '/held/')]")

    (address,), (named,) = form.texts("./@action"), form.texts(".//input[@name='balance']/@value")
    said = {"balance": named, "decision": "accept", "reason": ""}
    again = Screen(admin.post(address, said), status=422)
    admin.post(address, {**said, "reason": "They count in cents now"})

    assert again.has(f"//form[@action='{address}']")
    assert balance("m-1").available == Decimal("1000.00")


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


@pytest.mark.parametrize("name", ["pause", "resume"])
def test_a_retired_credential_is_not_said_to_be_paused_or_read(
    admin: Client, credential: Credential, name: str
) -> None:
    Credential.unscoped.filter(pk=credential.pk).update(retired_at=NOW)

    answer = admin.post(f"/acme/providers/{credential.public_id}/{name}/", follow=True)

    (said,) = answer.context["messages"]
    assert (said.level_tag, str(said)) == (
        "error",
        f"{credential.name} is retired; nothing was changed.",
    )
