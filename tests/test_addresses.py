"""Claims about what people write into an address: at worst it is not understood, never a fault of ours."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from balances.models import Balance
from providers.tenancy.models import Tenant, User
from tests.sync.test_commands import sync
from tests.sync.worlds import connect

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = [
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "2026-11-20T09:30+99:99",
]
NUMBERS = ["0", "-1", "9" * 400, "1e9", "NaN", "\x00"]


def asked(public_id: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name every page that reads something from its address, with each odd value in each place."""
    for text in (*TIMES, *NUMBERS):
        for name in ("page", "per_page", "as_of__gte", "available__lte", "credential", "q"):
            yield "balances/", {name: text}
        yield "balances/", {"as_of__between": f"{text},{text}"}
        yield "balances.csv", {"as_of__lte": text}
        yield f"balances/{public_id}/", {"range": text}
        yield "", {"range": text, "history": text}
        yield "sync-runs/", {"page": text}
        for name in ("from", "to", "page"):
            yield "activity/", {name: text}
        yield "sync-runs/under-way/", {"since": text}


def test_no_address_breaks_at_a_number_or_a_time_however_odd(
    acme: Tenant, alice: User, sign_in: Callable[[User], Client], simulator: Any
) -> None:
    connect(acme, simulator, "payiano")
    sync(acme)
    client, public_id = sign_in(alice), Balance.unscoped.values_list("public_id", flat=True)[0]

    client.raise_request_exception = False
    answers = {
        (path, *params.items()): client.get(f"/acme/{path}", params).status_code
        for path, params in asked(public_id)
    }

    assert {place: code for place, code in answers.items() if code >= 500} == {}


@pytest.mark.parametrize("since", [*TIMES, *NUMBERS, "2026-11-20T09:30:00"])
def test_progress_since_a_time_that_is_none_is_not_understood(
    alice: User, sign_in: Callable[[User], Client], since: str
) -> None:
    page = sign_in(alice).get("/acme/sync-runs/under-way/", {"since": since})

    assert page.status_code == 422
