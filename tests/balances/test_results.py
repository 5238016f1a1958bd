from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from balances import results
from balances.query.faults import QueryError
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery
from balances.results import Context
from providers.tenancy.models import Tenant
from tests.balances.builders import (
    NOW,
    READ_AT,
    make_account,
    make_balance,
    make_credential,
    make_scope,
)

UTC_ZONE = ZoneInfo("UTC")


def ask(text: str) -> BalanceQuery:
    return parse_text(text, zone=UTC_ZONE)


def refs(tenant: Tenant, text: str = "") -> list[str]:
    context = Context.load(tenant, now=NOW)
    return [row.account_ref for row in results.page(ask(text), context=context).rows]


def test_page_costs_the_same_statements_for_25_rows_as_for_200(acme: Tenant) -> None:
    credential = make_credential(acme)
    scope = make_scope(credential)
    for number in range(210):
        make_balance(credential, available=number, scope=scope)

    def statements(text: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            context = Context.load(acme, now=NOW)
            assert results.page(ask(text), context=context).rows
        return len(captured)

    assert statements("per_page=25") == statements("per_page=200") == 4
