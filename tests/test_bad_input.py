"""Type what nobody should into every field of every form: it is refused at the field, or kept as plain text.

A form without a line in the table fails the first test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from balances.models import HeldReading, HoldReason
from providers.models import AsOfSource, Credential, Scope, SyncRun
from providers.tenancy.models import Membership, Tenant, User
from tests.balances.builders import make_balance, make_credential, make_scope
from tests.conftest import PASSWORD
from tests.screen import Screen

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
NEW_PASSWORD = "another long enough phrase"
HTML = "<script>alert('seen')</script>"
HOSTILE = {
    "null": "a\0b",
    "long": "x" * 300_000,
    "emoji": "👩‍👩‍👧 till",
    "turned": "\u202egpj.exe\u200f",
    "html": HTML,
    "quote": "'; DROP TABLE balances_balance; --",
    "lines": "a\r\nSet-Cookie: b=c",
    "format": "%(name)s %s {0} {{ user }}",
    "number": "9" * 400,
    "minus": "-1",
    "replaced": "\ufffd\ufffe",
}


@dataclass(frozen=True)
class Form:
    """One form: where it is sent, what is right in it, what is wrong, and which of that is never shown again.

    `{name}` in the address is filled from the world. `wrong` says by field what is typed and what the message holds.
    """

    address: str
    right: dict[str, str]
    wrong: dict[str, tuple[str, str]] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    method: str = "post"
    signed_in: bool = True


PASSWORDS = frozenset({"password", "oldpassword", "password1", "password2"})
NEW = {"password1": ("sh0rt!", "12 characters"), "password2": ("", "a second time")}
FORMS: dict[str, Form] = {
    "account_login": Form(
        "/accounts/login/",
        {"login": "alice@acme.example", "password": PASSWORD},
        {"login": ("alice", "name@company.com"), "password": ("", "Type your password")},
        secret=PASSWORDS,
        signed_in=False,
    ),
    "account_reset_password": Form(
        "/accounts/password/reset/",
        {"email": "alice@acme.example"},
        {"email": ("alice", "name@company.com")},
        signed_in=False,
    ),
    "account_reset_password_from_key": Form(
        "{reset}",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        NEW,
        secret=PASSWORDS,
        signed_in=False,
    ),
    "account_change_password": Form(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        {"oldpassword": ("wrong", "not your password now"), **NEW},
        secret=PASSWORDS,
    ),
    "account_reauthenticate": Form(
        "/accounts/reauthenticate/",
        {"password": PASSWORD},
        {"password": ("wrong", "not right")},
        secret=PASSWORDS,
    ),
    "account": Form(
        "/account/",
        {"theme": "dark", "shortcuts": "on"},
        {"theme": ("pink", "one of the three")},
    ),
    "account_name": Form(
        "/account/name/", {"name": "Alicia"}, {"name": (" ", "that colleagues know you by")}
    ),
    "row_height": Form("/account/row-height/", {"density": "compact", "next": "/acme/"}),
    "invite": Form(
        "/acme/people/invite/",
        {"email": "new@acme.example", "role": "VIEWER"},
        {"email": ("new", "name@company.com"), "role": ("KING", "one of the four")},
    ),
    "member_role": Form(
        "/acme/people/{member}/role/",
        {"role": "ANALYST", "reason": "promoted"},
        {"role": ("KING", "one of the four"), "reason": ("x" * 301, "up to 300")},
    ),
    "member_deactivate": Form(
        "/acme/people/{member}/deactivate/",
        {"reason": "left"},
        {"reason": ("x" * 301, "up to 300")},
    ),
    "balances:rename": Form(
        "/acme/accounts/{account}/rename/",
        {"display_name": "Till", "balance": "x"},
        {"display_name": ("x" * 121, "up to 120")},
    ),
    "balances:holder": Form(
        "/acme/accounts/{account}/holder/",
        {"holder": "CUSTOMERS", "reason": "treasury"},
        {"holder": ("NOBODY", "Own or Customers'"), "reason": (" ", "Give a reason")},
    ),
    "balances:close": Form(
        "/acme/accounts/{account}/close/",
        {"closed_from": "2020-02-29", "reason": "merged"},
        {"closed_from": ("soon", "as 2026-11-20"), "reason": ("", "Give a reason")},
    ),
    "balances:reopen": Form("/acme/accounts/{account}/reopen/", {"reason": "was wrong"}),
    "balances:keep": Form("/acme/accounts/{account}/keep/", {"reason": "known"}),
    "balances:held_decide": Form(
        "/acme/held/{held}/",
        {"decision": "discard", "reason": "wrong"},
        {"reason": ("", "Give a reason")},
    ),
    "balances:credential_holder": Form(
        "/acme/providers/{credential}/holder/",
        {"holder": "OWN", "reason": "treasury"},
        {"holder": ("ours", "Own or Customers'"), "reason": ("", "Give a reason")},
    ),
    "balances:retire": Form(
        "/acme/providers/{credential}/retire/",
        {"reason": "left"},
        {"reason": ("x" * 301, "up to 300")},
    ),
    "balances:pause": Form("/acme/providers/{credential}/pause/", {"reason": "x"}),
    "balances:resume": Form("/acme/providers/{credential}/resume/", {"reason": "x"}),
    "balances:sync": Form("/acme/sync/", {"credential": ""}),
    # Nothing of a credential is right at once, else its provider would be asked.
    "providers:credential_add": Form(
        "/acme/providers/add/payiano/",
        dict.fromkeys(("name", "environment", "access_token", "base_url", "interval"), ""),
        {"access_token": ("", ""), "name": ("", "")},
        secret=frozenset({"access_token"}),
    ),
    "providers:credential": Form(
        "/acme/providers/{credential}/",
        dict.fromkeys(("name", "access_token", "base_url", "interval", "stale_after"), ""),
        {"name": ("", "")},
        secret=frozenset({"access_token"}),
    ),
    "providers:test": Form(
        "/acme/providers/test/",
        {"provider": "payiano", **dict.fromkeys(("name", "credential", "interval"), "")},
    ),
    "activity": Form(
        "/acme/activity/",
        dict.fromkeys(("who", "what", "object", "from", "to", "page"), ""),
        {"from": ("yesterday", "as 2026-11-20"), "object": ("x" * 201, "up to 200")},
        method="get",
    ),
    "balances:list": Form(
        "/acme/balances/",
        dict.fromkeys(("q", "filters", "sort", "page", "per_page", "group_by", "columns"), ""),
        method="get",
    ),
    "providers:runs": Form(
        "/acme/sync-runs/", dict.fromkeys(("status", "credential", "page"), ""), method="get"
    ),
    "overview": Form("/acme/", dict.fromkeys(("history", "range"), ""), method="get"),
    "balances:detail": Form("/acme/balances/{balance}/", {"range": ""}, method="get"),
    "providers:sync_status": Form("/acme/sync-runs/under-way/", {"since": ""}, method="get"),
}
# Buttons: they send nothing a person types.
BUTTONS = {"account_logout", "invite_again", "member_reactivate", "account_confirm_email"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def world(acme: Tenant, alice: User, bob: User) -> dict[str, str]:
    """Save one of each thing a form is about, and give their ids."""
    credential: Credential = make_credential(acme, provider="payiano", name="Main")
    scope: Scope = make_scope(credential)
    balance = make_balance(credential, "USD", "10", scope=scope)
    run = SyncRun.unscoped.create(tenant=acme, credential=credential, fence=1, started_at=NOW)
    held = HeldReading.unscoped.create(
        tenant=acme,
        scope=scope,
        run=run,
        reason=HoldReason.ZEROED,
        read_at=NOW,
        as_of=NOW,
        as_of_source=AsOfSource.RECEIVED,
    )
    key = f"{user_pk_to_url_str(alice)}-{default_token_generator.make_token(alice)}"
    return {
        "credential": credential.public_id,
        "account": balance.account.public_id,
        "balance": balance.public_id,
        "held": held.public_id,
        "member": Membership.unscoped.get(user=bob).public_id,
        "reset": f"/accounts/password/reset/key/{key}/",
    }


def browser(form: Form, alice: User) -> Client:
    client = Client()
    if form.signed_in:
        client.force_login(alice)
    return client


def send(client: Client, form: Form, world: dict[str, str], **typed: Any) -> Any:
    """Send a form that is right but for what was typed; nothing of it stays."""
    address = form.address.format(**world)
    if form.address == "{reset}":  # the link's key moves into the session first
        address = client.get(address)["Location"]
    cache.clear()
    with transaction.atomic():
        answer = getattr(client, form.method)(address, {**form.right, **typed})
        transaction.set_rollback(True)
    return answer


# --- The tests ------------------------------------------------------------------------------------
def test_every_address_that_takes_a_form_has_a_line_here() -> None:
    from tests.test_access import DOORS, PAGES, ROUTES

    takers = {name for name, page in PAGES.items() if page.post} | set(DOORS)
    silent = {"home", "health-live", "health-ready", "account_signup", "account_inactive"}
    said = {name for name in DOORS if name.endswith(("_done", "_sent"))}

    assert takers & set(ROUTES) - set(FORMS) - BUTTONS - silent - said == set()


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name", FORMS)
def test_nothing_typed_ever_ends_in_an_error_page_or_runs(
    name: str, kind: str, world: dict[str, str], alice: User
) -> None:
    form = FORMS[name]
    for typed in form.right:
        answer = send(browser(form, alice), form, world, **{typed: HOSTILE[kind]})
        text = answer.content.decode() if not answer.streaming else ""

        assert answer.status_code in {200, 302, 400, 404, 422}, (typed, answer.status_code)
        assert HTML not in text, typed
        assert "Set-Cookie: b" not in str(answer.headers), typed
        if typed in form.secret:
            assert HOSTILE[kind] not in text or kind == "minus", typed


@pytest.mark.parametrize(
    ("name", "typed"), [(name, typed) for name, form in FORMS.items() for typed in form.wrong]
)
def test_what_is_wrong_is_said_at_its_field_and_in_a_summary_that_takes_the_focus(
    name: str, typed: str, world: dict[str, str], alice: User
) -> None:
    form = FORMS[name]
    value, why = form.wrong[typed]
    screen = Screen(send(browser(form, alice), form, world, **{typed: value}), status=422)

    summary = screen.part("//*[@role='alert' and @autofocus and @tabindex='-1']")
    assert why in summary.text()
    marked = screen.root.xpath(f"//*[@aria-invalid='true'][{named(typed)}]")
    assert len(marked) == 1
    notes = marked[0].get("aria-describedby", "").split()
    said = " ".join(screen.text(f"//*[@id='{note}']") for note in notes)
    assert why in said
    for link in summary.root.xpath(".//a[starts-with(@href, '#')]/@href"):
        assert screen.has(f"//*[@id='{link[1:]}']"), link


def named(typed: str) -> str:
    """Write the condition of a control, or of a group of them, by its name."""
    return f"@name='{typed}' or .//input[@name='{typed}']"


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.wrong])
def test_what_was_typed_stays_and_a_secret_never_does(
    name: str, world: dict[str, str], alice: User
) -> None:
    form = FORMS[name]
    typed, (value, _) = next(iter(form.wrong.items()))
    others = {key: f"kept {HTML}" for key in form.right if key in {"reason", "object", "name"}}
    sent = {**form.right, **others, typed: value}
    screen = Screen(send(browser(form, alice), form, world, **sent), status=422)

    for key, was in sent.items():
        shown = screen.texts(
            f"//input[@name='{key}' and not(@type='radio' or @type='checkbox')]/@value"
        )
        if key in form.secret:
            assert not any(shown), key
        elif shown and key != "balance":
            assert was in shown, key
    for secret in form.secret & set(sent):
        assert not sent[secret] or sent[secret] not in screen.response.content.decode()


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "foo"]
)
def test_no_form_leads_to_another_site(back: str, alice: User) -> None:
    for name, form in FORMS.items():
        if "{" in form.address or form.method == "get":
            continue
        client = browser(form, alice)
        with transaction.atomic():
            answer = client.post(f"{form.address}", {**form.right, "next": back})
            transaction.set_rollback(True)
        target = answer.get("Location", "/")
        led = urlsplit(urljoin(f"http://testserver{form.address}", target.replace("\\", "/")))
        assert led.netloc == "testserver", (name, target)


def test_pages_are_opened_as_told(alice: User) -> None:
    """Keep the sign-in page itself from leading a person who is in to another site."""
    client = Client()
    client.force_login(alice)
    for back in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert client.get("/accounts/login/", {"next": back})["Location"] == "/"
