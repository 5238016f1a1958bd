"""Hold pages to a number of SQL statements that does not grow with what they show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from balances.models import Account, Balance
from balances.query.catalogue import GROUPS
from providers.models import RunStatus, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.screen import SignIn, htmx, stop_clock

LIST = "/acme/balances/"
# Who asks, and for which tenant.
WHO = ("django_session", "tenancy_user", "tenancy_membership")
CONTROL = ("BEGIN", "ROLLBACK", "COMMIT", "SAVEPOINT", "RELEASE", "SET ")
QUERIES = [
    *("", "q=main", "currency=USD&sort=-available", "balance=not_zero"),
    *(f"group_by={name}" for name in GROUPS),
    *(f"group_by={name}&currency=USD" for name in GROUPS),
]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@contextmanager
def statements() -> Iterator[Callable[[], list[str]]]:
    """Collect the statements beside transaction control and the look at who asks."""
    with CaptureQueriesContext(connection) as captured:
        yield lambda: [
            sql
            for query in captured
            if not (sql := query["sql"]).startswith(CONTROL)
            and not any(f' "{table}" ' in sql for table in WHO)
        ]


def asked(client: Client, path: str, **headers: str) -> list[str]:
    with statements() as found:
        answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return found()


def fill(tenant: Tenant, *, rows: int, credentials: int = 3) -> None:
    """Save balances of several providers, currencies and holders quickly."""
    for number in range(credentials):
        provider = ("payman", "payiano", "swipelux")[number % 3]
        credential = make_credential(tenant, provider=provider)
        scope = make_scope(credential)
        accounts = Account.unscoped.bulk_create(
            Account(
                tenant=tenant,
                credential=credential,
                external_ref=f"ref-{n}",
                kind="MERCHANT",
                name=f"Main {n}",
                holder=("OWN", "CUSTOMERS")[n % 2],
            )
            for n in range(rows // credentials + 1)
        )
        Balance.unscoped.bulk_create(
            Balance(
                tenant=tenant,
                account=account,
                scope=scope,
                currency=("USD", "EUR", "KWD")[n % 3],
                holder=account.holder,
                available=Decimal(n),
            )
            for n, account in enumerate(accounts)
        )


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query or "default")
def test_list_costs_the_same_for_25_rows_as_for_200(
    client: Client, acme: Tenant, query: str
) -> None:
    fill(acme, rows=240)

    few = asked(client, f"{LIST}?{query}")
    many = asked(client, f"{LIST}?{query}&per_page=200")

    assert len(many) == len(few), many
    assert len(few) <= 4, few


def test_part_costs_no_more_than_the_page(client: Client, acme: Tenant) -> None:
    fill(acme, rows=60)

    assert len(asked(client, LIST, **htmx("div#balances-table"))) <= len(asked(client, LIST))


def test_empty_tenant_costs_no_more(client: Client, acme: Tenant) -> None:
    assert len(asked(client, LIST)) <= 4


def test_overview_costs_the_same_for_many_balances_and_credentials(
    client: Client, acme: Tenant
) -> None:
    fill(acme, rows=9)
    few = asked(client, "/acme/")

    fill(acme, rows=300, credentials=9)
    many = asked(client, "/acme/")

    assert len(many) == len(few), many
    assert len(few) <= 11, few


def test_detail_costs_the_same_for_one_run_as_for_many(client: Client, acme: Tenant) -> None:
    credential = make_credential(acme)
    balance = make_balance(credential)
    path = f"{LIST}{balance.public_id}/"
    few = asked(client, path)

    for fence in range(20):
        SyncRun.unscoped.create(
            tenant=acme, credential=credential, fence=fence, status=RunStatus.SUCCEEDED
        )

    assert len(asked(client, path)) - len(few) <= 1  # what the runs learned of its scope
    assert len(few) <= 10, few


def test_runs_cost_the_same_for_one_as_for_a_page(client: Client, acme: Tenant) -> None:
    credentials = [make_credential(acme) for _ in range(3)]
    SyncRun.unscoped.create(tenant=acme, credential=credentials[0], fence=0)
    few = asked(client, "/acme/sync-runs/")

    for fence in range(1, 40):
        SyncRun.unscoped.create(tenant=acme, credential=credentials[fence % 3], fence=fence)

    assert len(asked(client, "/acme/sync-runs/")) == len(few)
    assert len(few) <= 8, few
