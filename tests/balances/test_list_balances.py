"""The operator's list: every row of a query, exactly, in a form for scripts."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from balances import results
from balances.query.parse import parse_text
from providers.tenancy.models import Tenant
from tests.balances.builders import make_account, make_balance, make_credential, make_scope
from tests.balances.query.worlds import make_world

pytestmark = pytest.mark.django_db

KEYS = (
    "id provider credential holder account_ref account_kind account_name owner_ref owner_name network"
    " address currency available pending ledger as_of as_of_source fetched_at state missing_since verified"
).split()


def printed(tenant: Tenant, *, query: str = "", form: str = "json") -> str:
    """Run the command and return what it printed."""
    output = StringIO()
    call_command("list_balances", tenant=tenant.slug, query=query, format=form, stdout=output)
    return output.getvalue()


def listed(tenant: Tenant, query: str = "") -> list[dict[str, Any]]:
    """Return the rows of the JSON output."""
    found = json.loads(printed(tenant, query=query))
    assert isinstance(found, list)
    return found


def test_one_row_says_everything_under_stable_keys(acme: Tenant) -> None:
    read_at = datetime.now(UTC) - timedelta(seconds=5)
    credential = make_credential(acme, provider="swipelux")
    account = make_account(
        credential,
        external_ref="w-1",
        name="Payroll",
        owner_ref="c-1",
        owner_name="Ada",
        network="polygon",
        address="0xabc",
    )
    balance = make_balance(
        credential,
        "USDC",
        "12345678901234567890.123456789012345678",
        ledger="-0.5",
        account=account,
        scope=make_scope(credential, read_at=read_at),
        as_of=datetime(2026, 11, 19, 22, 0, tzinfo=UTC),
        as_of_source="PROVIDER",
    )

    (row,) = listed(acme)

    assert list(row) == KEYS
    assert row == {
        "id": balance.public_id,
        "provider": "swipelux",
        "credential": credential.public_id,
        "holder": "customers",
        "account_ref": "w-1",
        "account_kind": "wallet",
        "account_name": "Payroll",
        "owner_ref": "c-1",
        "owner_name": "Ada",
        "network": "polygon",
        "address": "0xabc",
        "currency": "USDC",
        "available": "12345678901234567890.123456789012345678",
        "pending": None,
        "ledger": "-0.500000",
        "as_of": "2026-11-19T22:00:00Z",
        "as_of_source": "provider",
        "fetched_at": read_at.isoformat().replace("+00:00", "Z"),
        "state": "fresh",
        "missing_since": None,
        "verified": True,
    }


def test_lists_the_rows_of_the_query_in_its_order_without_pages(acme: Tenant) -> None:
    make_world(acme, seed=4, rows=80)
    query = "holder=own&sort=-available,account&per_page=1&page=2"

    rows = listed(acme, query)

    now = datetime.now(UTC)
    asked = parse_text(query, zone=ZoneInfo(acme.time_zone))
    expected = results.stream(asked, context=results.Context.load(acme, now=now))
    assert len(rows) > 10
    assert [row["id"] for row in rows] == [row.public_id for row in expected]


def test_csv_has_the_same_columns_and_values_as_json(acme: Tenant) -> None:
    make_world(acme, seed=5, rows=40)

    text = printed(acme, form="csv")

    told = [
        {key: _as_csv(value) for key, value in row.items()} for row in json.loads(printed(acme))
    ]
    assert text.startswith("id,provider,credential,")  # no mark before it: this is for scripts
    assert [
        {key: value.removeprefix("'") for key, value in row.items()}
        for row in csv.DictReader(StringIO(text, newline=""))
    ] == told


def _as_csv(value: Any) -> str:
    told = {None: "", True: "true", False: "false"}
    return told[value] if value in told else str(value)


def test_zero_is_left_out_when_asked_and_what_nobody_told_is_not(acme: Tenant) -> None:
    credential = make_credential(acme)
    for available, pending in (("0", None), ("0", "5"), (None, None), ("7", None)):
        make_balance(credential, available=available, pending=pending)

    found = [(row["available"], row["pending"]) for row in listed(acme, "balance=not_zero")]

    assert sorted(found, key=str) == [("0.00", "5.00"), ("7.00", None), (None, None)]


def test_columns_are_obeyed(acme: Tenant) -> None:
    make_balance(make_credential(acme))

    (row,) = listed(acme, "columns=state,currency")

    assert list(row) == ["account_name", "state", "currency", "available"]


def test_local_instants_are_in_the_tenants_zone(acme: Tenant) -> None:
    credential = make_credential(acme)
    late = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # ten in Cairo
    make_balance(credential, as_of=late, as_of_source="PROVIDER")

    assert len(listed(acme, "as_of__gte=2026-11-20T10:00")) == 1
    assert listed(acme, "as_of__gte=2026-11-20T10:01") == []


def test_nothing_of_another_tenant_is_listed(acme: Tenant, globex: Tenant) -> None:
    make_balance(make_credential(globex))

    assert printed(acme) == "[]\n"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_query_not_understood_prints_no_row_and_ends_with_status_2(acme: Tenant, form: str) -> None:
    make_balance(make_credential(acme))
    output = StringIO()

    with pytest.raises(CommandError) as caught:
        call_command(
            "list_balances",
            *("--tenant", "acme", "--query", "colour=red&available__gte=ten", "--format", form),
            stdout=output,
        )

    assert caught.value.returncode == 2
    assert "colour: is not known" in str(caught.value)
    assert "available__gte: " in str(caught.value)
    assert output.getvalue() == ""


def test_unknown_credential_ends_with_status_2(acme: Tenant) -> None:
    with pytest.raises(CommandError) as caught:
        printed(acme, query="credential=" + "0" * 32)

    assert caught.value.returncode == 2


def test_unknown_tenant_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="no tenant 'nowhere'"):
        call_command("list_balances", tenant="nowhere", stdout=StringIO())


def test_plain_money_is_asked_for_before_a_sum(acme: Tenant) -> None:
    credential = make_credential(acme)
    make_balance(credential, "USD", "10")
    make_balance(credential, "USD", "10", counting="DUPLICATE")
    make_balance(credential, "USD", "7", counting="TEST")

    assert len(listed(acme)) == 3
    assert [found["available"] for found in listed(acme, "counting=live")] == ["10.00"]
