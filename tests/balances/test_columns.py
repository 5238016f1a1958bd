import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from balances import columns
from balances.columns import COLUMNS, ColumnKind, as_json, file_columns, json_columns
from balances.query import catalogue
from balances.query.parse import parse_text
from balances.results import Context, Row, page
from providers.tenancy.models import Tenant
from tests.balances.builders import NOW, make_balance, make_credential

KEYS = (
    "id provider credential holder account_ref account_kind account_name owner_ref owner_name network "
    "address currency available pending ledger as_of as_of_source fetched_at state missing_since verified"
).split()


def row(tenant: Tenant, **values: object) -> Row:
    make_balance(make_credential(tenant, provider="payiano"), external_ref="BAL-1", **values)  # type: ignore[arg-type]  # passed through
    query = parse_text("", zone=ZoneInfo("UTC"))
    return page(query, context=Context.load(tenant, now=NOW)).rows[0]


def test_the_keys_are_those_that_were_promised_in_their_order() -> None:
    assert [column.key for column in columns.JSON_COLUMNS] == KEYS
    of_files = [*KEYS, "credential_name", "counting", "counted_by"]
    assert [column.key for column in COLUMNS] == list(catalogue.COLUMNS) == of_files


def test_every_sort_of_a_column_is_one_the_query_knows() -> None:
    sorts = [column.sort for column in COLUMNS if column.sort]

    assert set(sorts) <= set(catalogue.SORTS)
    assert len(sorts) == len(set(sorts))


def test_columns_follow_the_query_and_some_are_never_hidden() -> None:
    query = parse_text("columns=state,provider", zone=ZoneInfo("UTC"))
    asked = ["account_name", "currency", "available", "state", "provider"]

    assert [column.key for column in json_columns(query)] == asked
    assert [column.key for column in file_columns(query)] == asked
    plain = parse_text("", zone=ZoneInfo("UTC"))
    assert [column.key for column in file_columns(plain)] == [column.key for column in COLUMNS]
    assert json_columns(plain) == columns.JSON_COLUMNS


def test_json_holds_exact_text_codes_in_lower_case_and_utc(acme: Tenant) -> None:
    cairo = timezone(timedelta(hours=2))
    found = as_json(
        row(
            acme,
            available="12345678901234567890.123456789012345678",
            pending="0",
            as_of=datetime(2026, 11, 20, 9, 0, 0, 500_000, tzinfo=cairo),
            as_of_source="PROVIDER",
        )
    )

    assert json.loads(json.dumps(found)) == found
    assert (found["available"], found["pending"], found["ledger"]) == (
        "12345678901234567890.123456789012345678",
        "0.00",
        None,
    )
    assert (found["as_of"], found["as_of_source"]) == ("2026-11-20T07:00:00.500000Z", "provider")
    assert (found["holder"], found["account_kind"], found["state"]) == ("own", "merchant", "fresh")
    assert (found["account_ref"], found["account_name"], found["verified"]) == (
        "BAL-1",
        "BAL-1",
        True,
    )


def test_values_are_of_the_kind_their_column_says(acme: Tenant) -> None:
    found = row(acme, pending="1", ledger="2", missing_since=NOW)
    kinds = {
        ColumnKind.TEXT: str,
        ColumnKind.AMOUNT: Decimal,
        ColumnKind.INSTANT: datetime,
        ColumnKind.BOOL: bool,
    }

    for column in COLUMNS:
        assert isinstance(column.value(found), kinds[column.kind]), column.key
    assert columns.BY_KEY["as_of"].value(found).tzinfo == UTC
