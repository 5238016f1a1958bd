"""Walk every address as everybody: each role, a stranger, a former member, nobody; own and foreign ids; plain and htmx.

An address without a line in the tables below fails the first test. What is refused must also change nothing, and a
page must show nothing of the other tenant.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from balances.models import Account, Balance, HeldReading, HoldReason, Observation
from providers.models import AsOfSource, Credential, Scope, Secret, SyncRun
from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant, User
from providers.tenancy.scoping import Action, may
from tests.conftest import make_person

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
MISSING = "f" * 32
HTMX = {
    "HX-Request": "true",
    "HX-Request-Type": "partial",
    "HX-Target": "div#balances-table",
    "HX-Current-URL": "http://testserver/acme/",
}
TOKEN = re.compile(rb'(?:name="csrfmiddlewaretoken" value=|"X-CSRFToken": )"[^"]+"')
OPENED = {200, 204, 302, 303, 400, 409, 422}


# --- The tables -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Page:
    """An address below `/<tenant>/`: what each method asks of the role, and which ids it holds.

    `id_of` is the kind of the id in the address, `named` a parameter that may name a credential, or who acted.
    """

    get: Action | None = None
    post: Action | None = None
    id_of: str = ""
    body: dict[str, str] = field(default_factory=dict)
    named: str = ""
    logs_reading: bool = False

    def action(self, method: str) -> Action | None:
        """Return what the method asks, None where it is not allowed to anybody."""
        return self.get if method == "get" else self.post


PAGES: dict[str, Page] = {
    "overview": Page(get=Action.READ),
    "balances:list": Page(get=Action.READ),
    "balances:csv": Page(get=Action.EXPORT, logs_reading=True),
    "balances:xlsx": Page(get=Action.EXPORT, logs_reading=True),
    "balances:detail": Page(get=Action.READ, id_of="balance"),
    "balances:rename": Page(post=Action.RENAME, id_of="account", body={"display_name": "Main"}),
    "balances:close": Page(
        post=Action.MANAGE_ACCOUNTS,
        id_of="account",
        body={"closed_from": "2026-11-20", "from": "2026-11-20", "reason": "merged"},
    ),
    "balances:reopen": Page(post=Action.MANAGE_ACCOUNTS, id_of="account"),
    "balances:keep": Page(post=Action.MANAGE_ACCOUNTS, id_of="account", body={"reason": "known"}),
    "balances:holder": Page(
        post=Action.MANAGE_ACCOUNTS, id_of="account", body={"holder": "OWN", "reason": "treasury"}
    ),
    "balances:sync": Page(post=Action.SYNC, named="credential"),
    "balances:held_decide": Page(
        post=Action.DECIDE_HELD, id_of="held", body={"decision": "discard", "reason": "wrong"}
    ),
    "balances:pause": Page(post=Action.MANAGE_CREDENTIALS, id_of="credential"),
    "balances:resume": Page(post=Action.MANAGE_CREDENTIALS, id_of="credential"),
    "balances:credential_holder": Page(
        post=Action.MANAGE_CREDENTIALS,
        id_of="credential",
        body={"holder": "CUSTOMERS", "reason": "treasury"},
    ),
    "balances:retire": Page(
        post=Action.MANAGE_CREDENTIALS, id_of="credential", body={"reason": "left"}
    ),
    "providers:credentials": Page(get=Action.READ_PROVIDERS),
    "providers:credential_add": Page(
        get=Action.MANAGE_CREDENTIALS, post=Action.MANAGE_CREDENTIALS, id_of="code"
    ),
    "providers:credential": Page(
        get=Action.READ_PROVIDERS, post=Action.MANAGE_CREDENTIALS, id_of="credential"
    ),
    "providers:test": Page(
        post=Action.MANAGE_CREDENTIALS, body={"provider": "payiano"}, named="credential"
    ),
    "providers:sync_status": Page(get=Action.READ_PROVIDERS),
    "providers:runs": Page(get=Action.READ_PROVIDERS, named="credential"),
    "providers:run": Page(get=Action.READ_PROVIDERS, id_of="run"),
    "people": Page(get=Action.READ_PEOPLE),
    "invite": Page(
        get=Action.MANAGE_PEOPLE,
        post=Action.MANAGE_PEOPLE,
        body={"email": "new@acme.example", "role": "VIEWER"},
    ),
    "invite_again": Page(post=Action.MANAGE_PEOPLE, id_of="member"),
    "member_role": Page(
        get=Action.MANAGE_PEOPLE,
        post=Action.MANAGE_PEOPLE,
        id_of="member",
        body={"role": "ANALYST", "reason": "promoted"},
    ),
    "member_deactivate": Page(
        get=Action.MANAGE_PEOPLE, post=Action.MANAGE_PEOPLE, id_of="member", body={"reason": "left"}
    ),
    "member_reactivate": Page(post=Action.MANAGE_PEOPLE, id_of="member"),
    "activity": Page(get=Action.READ_LOG, named="who"),
    "activity_csv": Page(get=Action.READ_LOG, named="who", logs_reading=True),
}


# What the activity log must hold after an admin's request: each change, and each download.
LOGGED = [
    *("balances:rename", "balances:close", "balances:keep", "balances:holder"),
    *("balances:held_decide", "balances:pause", "balances:retire", "balances:credential_holder"),
    *("balances:csv", "balances:xlsx", "activity_csv"),
    *("invite", "invite_again", "member_role", "member_deactivate"),
]


@dataclass(frozen=True)
class Door:
    """An address outside any tenant: what nobody gets with GET, what a person gets, and its arguments."""

    nobody: int
    person: int
    args: tuple[str, ...] = ()


DOORS: dict[str, Door] = {
    "home": Door(nobody=302, person=302),
    "account": Door(nobody=302, person=200),
    "account_name": Door(nobody=302, person=405),
    "row_height": Door(nobody=302, person=405),
    "health-live": Door(nobody=200, person=200),
    "health-ready": Door(nobody=503, person=503),
    "account_login": Door(nobody=200, person=302),
    "account_logout": Door(nobody=302, person=200),
    "account_inactive": Door(nobody=200, person=200),
    "account_signup": Door(nobody=200, person=302),
    "account_reauthenticate": Door(nobody=302, person=200),
    "account_change_password": Door(nobody=302, person=200),
    "account_reset_password": Door(nobody=200, person=200),
    "account_reset_password_done": Door(nobody=200, person=200),
    "account_reset_password_from_key": Door(nobody=200, person=200, args=("1", "x")),
    "account_reset_password_from_key_done": Door(nobody=200, person=200),
    "account_email_verification_sent": Door(nobody=200, person=200),
    "account_confirm_email": Door(nobody=200, person=200, args=("x",)),
}


# --- The addresses --------------------------------------------------------------------------------
def routes(
    patterns: list[URLPattern | URLResolver], *, space: str = "", prefix: str = ""
) -> Iterator[tuple[str, str]]:
    """List every address of the resolver: its name with namespaces, and its whole route."""
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, space=inner, prefix=route)
        else:
            yield f"{space}{pattern.name}", route


ROUTES = dict(routes(get_resolver().url_patterns))
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def address(name: str, *, tenant: str, ident: str) -> str:
    """Build an address below a tenant; its id may have any name."""
    words = PARAMETER.findall(ROUTES[name])
    return reverse(name, kwargs=dict.fromkeys(words, ident) | {"tenant": tenant})


# --- The world ------------------------------------------------------------------------------------
def make_objects(tenant: Tenant, *, by: User) -> dict[str, str]:
    """Save one of each thing an address can name; return their public ids."""
    credential = Credential.unscoped.create(
        tenant=tenant, provider="payiano", name=f"{tenant.name} main", created_by=by
    )
    Secret.unscoped.create(
        tenant=tenant, credential=credential, field="access_token", sealed="x", last_four="7f3c"
    )
    scope = Scope.unscoped.create(tenant=tenant, credential=credential, ref="account", read_at=NOW)
    run = SyncRun.unscoped.create(tenant=tenant, credential=credential, fence=1, started_at=NOW)
    account = Account.unscoped.create(
        tenant=tenant,
        credential=credential,
        external_ref=f"{tenant.slug}-17",
        kind="MERCHANT",
        holder="OWN",
        name=f"{tenant.name} treasury",
    )
    amount = {"available": Decimal("12.50"), "as_of": NOW, "as_of_source": AsOfSource.RECEIVED}
    balance = Balance.unscoped.create(
        tenant=tenant, account=account, scope=scope, currency="USD", holder="OWN", **amount
    )
    Observation.unscoped.create(
        tenant=tenant, balance=balance, run=run, fetched_at=NOW, pending=None, ledger=None, **amount
    )
    held = HeldReading.unscoped.create(
        tenant=tenant,
        scope=scope,
        run=run,
        reason=HoldReason.ZEROED,
        read_at=NOW,
        as_of=NOW,
        as_of_source=AsOfSource.RECEIVED,
    )
    member = Membership.unscoped.get(user=make_person("Member", tenant, Role.VIEWER))
    named = {"credential": credential, "run": run, "account": account, "balance": balance}
    named |= {"member": member}
    return {kind: row.public_id for kind, row in {**named, "held": held, "person": by}.items()}


@dataclass
class World:
    """Two companies, everybody who may knock, and the ids of both."""

    people: dict[str, User | None]
    own: dict[str, str]
    foreign: dict[str, str]

    def ids(self, kind: str) -> list[tuple[str, bool]]:
        """Return the ids to try in an address, each with whether it is acme's."""
        if not kind:
            return [("", True)]
        if kind == "code":
            return [("payiano", True), ("nobody", False)]
        return [(self.own[kind], True), (self.foreign[kind], False), (MISSING, False)]


@pytest.fixture
def world(acme: Tenant, globex: Tenant, alice: User, mallory: User) -> World:
    people: dict[str, User | None] = {
        role: make_person(role.title(), acme, Role(role)) for role in Role.values
    }
    former = make_person("Former", acme, Role.ADMIN)
    Membership.unscoped.filter(user=former).update(is_active=False)
    return World(
        people={**people, "stranger": mallory, "former": former, "nobody": None},
        own=make_objects(acme, by=alice),
        foreign=make_objects(globex, by=mallory),
    )


def browser(person: User | None, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    if person is not None:
        client.force_login(person)
    return client


def ask(client: Client, method: str, name: str, *, ident: str, headers: dict[str, str]) -> Any:
    """Send one request to an address of acme, and read the whole answer."""
    body = PAGES[name].body if method == "post" else {}
    target = address(name, tenant="acme", ident=ident)
    answer = getattr(client, method)(target, body, headers=headers)
    if answer.streaming:
        answer.text_sent = b"".join(answer.streaming_content)
    else:
        answer.text_sent = answer.content
    return answer


def state() -> dict[str, str]:
    """Sum up the rows of every model of the product."""
    models = itertools.chain.from_iterable(
        apps.get_app_config(label).get_models() for label in ("tenancy", "providers", "balances")
    )
    return {
        model.__name__: repr(list(model._base_manager.order_by("pk").values_list()))
        for model in models
    }


# --- The tests ------------------------------------------------------------------------------------
def test_every_address_has_a_line_here() -> None:
    assert sorted(set(ROUTES) - set(PAGES) - set(DOORS)) == []


def test_every_line_here_has_an_address() -> None:
    assert sorted((set(PAGES) | set(DOORS)) - set(ROUTES)) == []


def test_pages_are_the_addresses_below_a_tenant() -> None:
    below = {name for name, route in ROUTES.items() if route.startswith("<slug:tenant>/")}

    assert below == set(PAGES) & set(ROUTES)


def expected(page: Page, *, who: str, method: str, is_ours: bool, is_htmx: bool) -> set[int]:
    """Say which statuses are right."""
    if who == "nobody":
        return {401} if is_htmx else {302}
    if who in {"stranger", "former"}:
        return {404}
    action = page.action(method)
    if action is None:
        return {403, 405}
    if not may(who, action=action):
        return {403} if is_ours else {403, 404}
    return OPENED if is_ours else {404}


def allowed_changes(page: Page, answer: Any, *, who: str, method: str) -> set[str]:
    """Say which models an answer may have changed: none, but by who may, and by downloads the log."""
    if answer.status_code not in OPENED or who not in Role.values:
        return set()
    if method == "post":
        return set(state())
    return {"ActivityEntry"} if page.logs_reading else set()


@pytest.mark.parametrize("who", [*Role.values, "stranger", "former", "nobody"])
@pytest.mark.parametrize("name", sorted(set(PAGES) & set(ROUTES)))
def test_page_opens_to_whom_it_should_and_else_changes_nothing(
    name: str, who: str, world: World
) -> None:
    page = PAGES[name]
    client = browser(world.people[who])
    before = state()

    for method, (ident, is_ours), headers in itertools.product(
        ("get", "post"), world.ids(page.id_of), ({}, HTMX)
    ):
        with transaction.atomic():
            answer = ask(client, method, name, ident=ident, headers=headers)
            after = state()
            transaction.set_rollback(True)
        right = expected(page, who=who, method=method, is_ours=is_ours, is_htmx=bool(headers))
        changed = {model for model in after if after[model] != before[model]}
        case = f"{method} {ident or name} {'in htmx' if headers else 'plain'}"
        assert answer.status_code in right, case
        assert changed <= allowed_changes(page, answer, who=who, method=method), case
        assert answer["Cache-Control"] == "no-store", case
        if who in Role.values:
            assert b"globex" not in answer.text_sent.lower(), case


@pytest.mark.parametrize("name", sorted(set(LOGGED) & set(ROUTES)))
def test_a_change_or_download_is_logged_by_whom_it_was_done(name: str, world: World) -> None:
    ident = world.ids(PAGES[name].id_of)[0][0]
    admin = world.people["ADMIN"]
    answer = ask(
        browser(admin), "post" if PAGES[name].post else "get", name, ident=ident, headers={}
    )

    assert answer.status_code in OPENED
    (entry,) = ActivityEntry.unscoped.all()
    assert (entry.tenant.slug, entry.actor) == ("acme", admin)


@pytest.mark.parametrize("name", sorted(n for n in set(PAGES) & set(ROUTES) if PAGES[n].post))
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_change_needs_the_token(name: str, headers: dict[str, str], world: World) -> None:
    client = browser(world.people["ADMIN"], enforce_csrf_checks=True)
    before = state()
    ident = world.ids(PAGES[name].id_of)[0][0]

    assert ask(client, "post", name, ident=ident, headers=headers).status_code == 403
    assert state() == before


@pytest.mark.parametrize("name", sorted(set(PAGES) & set(ROUTES)))
def test_a_foreign_id_reads_like_a_missing_one(name: str, world: World) -> None:
    foreign = [ident for ident, is_ours in world.ids(PAGES[name].id_of) if not is_ours]
    client = browser(world.people["ADMIN"])
    method = "get" if PAGES[name].get else "post"

    answers = [ask(client, method, name, ident=ident, headers={}) for ident in foreign]

    assert len({TOKEN.sub(b"", answer.text_sent) for answer in answers}) <= 1


@pytest.mark.parametrize("name", sorted(n for n in set(PAGES) & set(ROUTES) if PAGES[n].named))
@pytest.mark.parametrize("ident", ["foreign", "missing", "hostile"])
def test_a_foreign_id_in_a_parameter_is_refused(name: str, ident: str, world: World) -> None:
    client = browser(world.people["ADMIN"])
    before = state()
    kind = "person" if PAGES[name].named == "who" else "credential"
    texts = {"foreign": world.foreign[kind], "missing": MISSING, "hostile": "a\x00b"}
    wanted = {PAGES[name].named: texts[ident]}
    target = address(name, tenant="acme", ident="")

    answer = client.get(target, wanted) if PAGES[name].get else client.post(target, wanted)

    assert answer.status_code in {404, 422}
    assert b"globex" not in answer.content.lower()
    assert state() == before


@pytest.mark.parametrize("name", sorted(set(DOORS) & set(ROUTES)))
@pytest.mark.parametrize("who", ["nobody", "VIEWER"])
def test_door_opens_as_it_should(name: str, who: str, world: World) -> None:
    door = DOORS[name]
    client = browser(world.people[who])
    before = state()

    answer = client.get(reverse(name, args=door.args))

    assert answer.status_code == (door.nobody if who == "nobody" else door.person)
    assert state() == before
