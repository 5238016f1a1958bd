from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from balances.models import Account, Balance, Observation
from balances.views.sync_log import LINES
from providers.models import AsOfSource, Credential, Outcome, RunScope, RunStatus, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, READ_AT, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn, classed, stop_clock, words

MINUTE = timedelta(minutes=1)
LOG = "//*[@aria-labelledby='h-log']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


@pytest.fixture
def balance(payiano: Credential) -> Balance:
    return made(payiano)


def made(credential: Credential, *, read_at: datetime = READ_AT, **values: Any) -> Balance:
    """Save a balance known for a day."""
    scope = make_scope(credential, read_at=read_at)
    found = make_balance(credential, "USD", "60.25", scope=scope, **values)
    Account.unscoped.filter(pk=found.account_id).update(created_at=NOW - timedelta(days=1))
    return found


def sync(
    balance: Balance,
    minutes_ago: int,
    *,
    figure: str | None = None,
    outcome: dict[str, Any] | None = None,
    **values: Any,
) -> SyncRun:
    """Save a sync of a few seconds, and what it learned of the balance."""
    at = NOW - MINUTE * minutes_ago
    run: SyncRun = SyncRun.unscoped.create(
        tenant=balance.tenant,
        credential=balance.scope.credential,
        fence=SyncRun.unscoped.count(),
        **{
            "status": RunStatus.SUCCEEDED,
            "started_at": at,
            "ended_at": at + timedelta(seconds=9),
            **values,
        },
    )
    if figure is not None:
        observe(balance, run, figure, at=at + timedelta(seconds=4))
    if outcome is not None:
        RunScope.unscoped.create(tenant=run.tenant, run=run, scope=balance.scope, **outcome)
    return run


def observe(balance: Balance, run: SyncRun, figure: str, *, at: datetime, **values: Any) -> None:
    Observation.unscoped.create(
        tenant=balance.tenant,
        balance=balance,
        run=run,
        available=Decimal(figure),
        pending=Decimal(3),
        fetched_at=at,
        **{"as_of": at, "as_of_source": AsOfSource.RECEIVED, **values},
    )


def log(client: Client, balance: Balance) -> list[list[str]]:
    screen = Screen(client.get(f"/acme/balances/{balance.public_id}/"))
    rows = screen.part(LOG).root.xpath(".//tbody/tr")
    return [[words(cell) for cell in row] for row in rows]


REFUSED: dict[str, Any] = {
    "status": RunStatus.FAILED,
    "error_code": "credential_rejected",
    "error_detail": "HTTP 401: Unauthorized",
}


def test_every_new_figure_has_a_line_with_how_far_it_moved(
    client: Client, balance: Balance
) -> None:
    for minutes, figure in ((4, "100"), (3, "70.5"), (1, "60.25")):
        sync(balance, minutes, figure=figure)

    assert log(client, balance) == [
        ["10:59", "Read", "60.25", "−10.25", "3.00"],
        ["10:57", "Read", "70.50", "−29.50", "3.00"],
        ["10:56", "Read", "100.00", "first seen", "3.00"],
    ]


def test_syncs_that_read_the_same_share_a_line(client: Client, balance: Balance) -> None:
    sync(balance, 30, figure="60.25")
    for minutes in (20, 10, 1):
        sync(balance, minutes)

    assert log(client, balance) == [
        ["10:40 to 10:59", "Read 3 times", "60.25", "0.00", "3.00"],
        ["10:30", "Read", "60.25", "first seen", "3.00"],
    ]


def test_equal_failures_are_one_line_whose_figure_is_not_known(
    client: Client, payiano: Credential
) -> None:
    balance = made(payiano, read_at=NOW - 150 * MINUTE)
    sync(balance, 150, figure="60.25")
    for minutes in range(135, 120, -1):
        sync(balance, minutes, **REFUSED)

    assert log(client, balance) == [
        ["08:45 to 08:59", "15 reads failed, 401", "not known", "", ""],
        ["08:30", "Read", "60.25", "first seen", "3.00"],
    ]


def test_other_failures_and_readings_between_begin_a_new_line(
    client: Client, balance: Balance
) -> None:
    timed_out: dict[str, Any] = {"outcome": Outcome.FAILED, "error_code": "timeout"}
    sync(balance, 9, figure="1")
    sync(balance, 8, outcome=timed_out, status=RunStatus.PARTIAL)
    sync(balance, 7, outcome=timed_out, status=RunStatus.PARTIAL)
    sync(balance, 6, **REFUSED)
    sync(balance, 5)
    sync(balance, 4, outcome=timed_out, status=RunStatus.PARTIAL)

    assert [line[1] for line in log(client, balance)] == [
        *("Read failed, timed out", "Read", "Read failed, 401", "2 reads failed, timed out"),
        "Read",
    ]


def test_part_of_a_run_counts_as_read_only_where_every_scope_was_reached(
    client: Client, payiano: Credential
) -> None:
    balance = made(payiano, read_at=NOW - 9 * MINUTE)
    partial: dict[str, Any] = {"status": RunStatus.PARTIAL, "scopes_total": 3}
    sync(balance, 9, figure="60.25")
    sync(balance, 8, **partial, scopes_read=2, scopes_failed=1)
    sync(balance, 7, **partial, scopes_read=1, scopes_failed=1)
    sync(balance, 6, status=RunStatus.ABANDONED, scopes_total=3)
    sync(balance, 5, is_whole=False, scopes_total=1, scopes_read=1)
    sync(balance, 4, outcome={"outcome": Outcome.HELD}, status=RunStatus.HELD)

    assert log(client, balance) == [
        ["10:56", "Reading held", "not known", "", ""],
        ["10:54", "Sync abandoned", "not known", "", ""],
        ["10:53", "Not reached", "not known", "", ""],
        ["10:52", "Read", "60.25", "0.00", "3.00"],
        ["10:51", "Read", "60.25", "first seen", "3.00"],
    ]


def test_sync_that_confirmed_the_figure_was_a_reading_even_if_others_were_not_reached(
    client: Client, payiano: Credential
) -> None:
    balance = made(payiano, read_at=NOW - 5 * MINUTE + timedelta(seconds=3))
    sync(balance, 9, figure="60.25")
    sync(balance, 5, status=RunStatus.PARTIAL, scopes_total=3, scopes_read=1, scopes_failed=1)

    assert log(client, balance)[0] == ["10:55", "Read", "60.25", "0.00", "3.00"]


def test_answer_without_the_balance_is_said_to_be_without_it(
    client: Client, payiano: Credential
) -> None:
    balance = made(payiano, missing_since=NOW - 5 * MINUTE, fetched_at=NOW - 9 * MINUTE)
    sync(balance, 9, figure="60.25")
    for minutes in (5, 4, 3):
        sync(balance, minutes)

    assert log(client, balance) == [
        ["10:55 to 10:57", "Not in 3 answers", "not known", "", ""],
        ["10:51", "Read", "60.25", "first seen", "3.00"],
    ]


def test_newest_line_ends_when_the_page_says_the_figure_was_confirmed(
    client: Client, balance: Balance
) -> None:
    sync(balance, 30, figure="60.25")
    sync(balance, 1)

    screen = Screen(client.get(f"/acme/balances/{balance.public_id}/"))
    (newest, _) = screen.texts(f"{LOG}//tbody/tr/th")

    assert newest == screen.text("//dt[.='Confirmed']/following-sibling::dd") == "10:59"


def test_sync_under_way_has_no_line_before_it_brought_a_figure(
    client: Client, balance: Balance
) -> None:
    running: dict[str, Any] = {"status": RunStatus.RUNNING, "ended_at": None}
    sync(balance, 9, figure="1")
    sync(balance, 5)
    sync(balance, 1, **running)
    assert [line[0] for line in log(client, balance)] == ["10:55 to 10:59", "10:51"]

    observe(balance, SyncRun.unscoped.get(status=RunStatus.RUNNING), "2", at=READ_AT)

    assert [line[2] for line in log(client, balance)] == ["2.00", "1.00", "1.00"]


def test_figures_of_syncs_long_past_stay_at_the_end(
    client: Client, balance: Balance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("balances.views.sync_log.RUNS", 2)
    for minutes, figure in ((30, "1"), (20, "2"), (10, "3")):
        sync(balance, minutes, figure=figure)
    sync(balance, 1)

    assert [line[3] for line in log(client, balance)] == ["0.00", "+1.00", "+1.00", "first seen"]


def test_oldest_line_is_compared_with_the_figure_before_it(
    client: Client, balance: Balance
) -> None:
    for number in range(40):
        sync(balance, 60 - number, figure=str(number))

    lines = log(client, balance)

    assert len(lines) == LINES
    assert lines[-1][3] == "+1.00"


def test_providers_own_time_stands_beside_its_figure(client: Client, acme: Tenant) -> None:
    balance = made(make_credential(acme, provider="swipelux"))
    told: dict[str, Any] = {"as_of": NOW - timedelta(days=32), "as_of_source": AsOfSource.PROVIDER}
    observe(balance, sync(balance, 1), "60.25", at=READ_AT, **told)

    ((_, said, *_),) = log(client, balance)

    assert said == "Read provider's time 19 Oct, 12:00"


def test_lines_lead_to_their_runs_only_for_who_may_open_them(
    balance: Balance, alice: User, bob: User, sign_in: SignIn
) -> None:
    run = sync(balance, 1, figure="60.25")

    def links(user: User) -> Sequence[str]:
        screen = Screen(sign_in(user).get(f"/acme/balances/{balance.public_id}/"))
        return screen.texts(f"{LOG}//tbody//a/@href")

    assert links(alice) == [f"/acme/sync-runs/{run.public_id}/"]
    assert links(bob) == []


def test_digits_beyond_the_currencys_are_shown_in_full_and_dimmed(
    client: Client, balance: Balance
) -> None:
    sync(balance, 2, figure="1.123456789012345678")

    screen = Screen(client.get(f"/acme/balances/{balance.public_id}/"))

    assert screen.texts(f"{LOG}//td[2]") == ["1.123456789012345678"]
    assert screen.texts(f"{LOG}//td[2]//*[{classed('beyond')}]") == ["3456789012345678"]
    assert screen.has(f"{LOG}//table[{classed('dp-18')}]")
