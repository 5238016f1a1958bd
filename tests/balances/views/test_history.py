from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from balances.models import Balance, Closing, Coverage
from providers.models import Credential, RunScope, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential
from tests.balances.closings.histories import close_all, grow
from tests.balances.readings import open_run
from tests.screen import Screen, SignIn, htmx, stop_clock

HISTORY = "//*[@id='balances-history']"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def see(client: Client, balance: Balance, query: str = "", *, status: int = 200) -> Screen:
    return Screen(client.get(f"/acme/balances/{balance.public_id}/{query}"), status=status)


def figures(screen: Screen) -> list[list[str]]:
    rows = screen.root.xpath(f"{HISTORY}//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


def test_balance_without_a_close_says_when_the_first_is_made(
    client: Client, payiano: Credential
) -> None:
    screen = see(client, make_balance(payiano, "USD", "10"))

    assert "No closing yet: the first is made at 00:00." in screen.text(HISTORY)


def test_balance_lists_its_closes_and_what_was_carried_forward(
    client: Client, payiano: Credential
) -> None:
    balance = grow(payiano, ["10", "20", None, "25.5"])
    close_all(payiano)

    screen = see(client, balance)

    assert figures(screen) == [
        ["17 Nov", "10.00", "yes"],
        ["18 Nov", "20.00", "yes"],
        ["19 Nov", "20.00", "carried forward from 19 Nov, 10:00"],
        ["20 Nov, so far, 10:59", "25.50", "yes"],
    ]
    assert "Since close of 19 Nov+5.50" in screen.text("//*[@aria-labelledby='h-figures']")
    assert len(screen.root.xpath(f"{HISTORY}//*[@class='gap']")) == 1


def test_pending_has_a_line_of_its_own_where_it_is_reported(
    client: Client, payiano: Credential
) -> None:
    with_pending = grow(payiano, ["10", "20"], pending="3")
    without = grow(payiano, ["10", "20"])
    close_all(payiano)

    shown, plain = see(client, with_pending), see(client, without)

    assert figures(shown)[-1][1:3] == ["20.00", "3.00"]
    assert shown.texts(f"{HISTORY}//ul[@class='legend']/li") == ["Available", "Pending"]
    assert len(shown.root.xpath(f"{HISTORY}//*[@class='line pend']")) == 1
    assert not plain.has(f"{HISTORY}//*[@class='line pend']")


def test_history_is_of_this_balance_alone(client: Client, payiano: Credential) -> None:
    mine = grow(payiano, ["10", "20"])
    grow(payiano, ["500", "700"])
    close_all(payiano)

    assert [row[1] for row in figures(see(client, mine))] == ["10.00", "20.00"]


def test_range_not_offered_is_refused_in_its_part(client: Client, payiano: Credential) -> None:
    balance = grow(payiano, ["10", "20"])
    close_all(payiano)
    path = f"/acme/balances/{balance.public_id}/?range=8"

    part = Screen(client.get(path, headers=htmx("section#balances-history")), status=422)
    page = see(client, balance, "?range=8", status=422)

    assert "The range “8” is not offered" in part.text(HISTORY)
    assert not part.has("//h1")
    assert "20.00" in page.text("//*[@aria-labelledby='h-figures']")


def test_figure_of_today_is_drawn_with_its_time_whatever_became_of_the_syncs_since(
    client: Client, payiano: Credential
) -> None:
    balance = grow(payiano, ["10", "20", "30"])
    close_all(payiano)
    balance.scope.error_code = "timeout"
    balance.scope.read_at = NOW - timedelta(hours=3)
    balance.scope.save()

    screen = see(client, balance)

    assert figures(screen)[-1] == ["20 Nov, so far, 08:00", "30.00", "not synced"]
    assert screen.has(f"{HISTORY}//*[@class='dot']")
    assert screen.text(f"{HISTORY}//*[@data-readout-date]") == "available, today so far, 08:00"
    assert Closing.unscoped.filter(business_date=date(2026, 11, 20)).count() == 0


def test_figure_of_an_earlier_day_is_not_drawn_today(client: Client, payiano: Credential) -> None:
    balance = grow(payiano, ["10", "20", "30"])
    close_all(payiano)
    balance.scope.error_code = "timeout"
    balance.scope.read_at = NOW - timedelta(hours=12)
    balance.scope.save()

    screen = see(client, balance)

    assert figures(screen)[-1] == ["20 Nov, so far", "30.00", "not synced, of 19 Nov, 23:00"]
    assert not screen.has(f"{HISTORY}//*[@class='dot']")
    assert screen.text(f"{HISTORY}//*[@data-readout-date]") == "available, 19 Nov, 23:00"


# --- Days on which every sync failed --------------------------------------------------------------
MARKS = f"{HISTORY}//*[@class='miss']/@d"


def fail_at(balance: Balance, *days: int, outcome: str = "FAILED") -> None:
    """Save a sync at noon of each day of November that failed as a whole, or ended so for the balance's scope."""
    for day in days:
        at = datetime(2026, 11, day, 12, tzinfo=UTC)
        run = open_run(balance.scope.credential)
        SyncRun.unscoped.filter(pk=run.pk).update(started_at=at, ended_at=at, status="FAILED")
        if outcome != "FAILED":
            SyncRun.unscoped.filter(pk=run.pk).update(status="HELD")
            RunScope.unscoped.create(
                tenant=run.tenant, run=run, scope=balance.scope, outcome=outcome, at=at
            )


@pytest.fixture
def gapped(payiano: Credential) -> Balance:
    """Give a balance that was read on 16, 17 and 20 November, and not on 18 and 19."""
    balance = grow(payiano, ["10", "20", None, None, "25.5"])
    Coverage.unscoped.filter(scope=balance.scope, started_at__day=16).update(
        ended_at=datetime(2026, 11, 17, 9, tzinfo=UTC)
    )
    close_all(payiano)
    return balance


def test_day_on_which_every_sync_failed_is_marked_and_said(client: Client, gapped: Balance) -> None:
    fail_at(gapped, 17, 18, 20)

    screen = see(client, gapped)

    assert screen.texts(MARKS) == ["M500.0 196v8"]
    noted = {row[0]: row[-1] for row in figures(screen)}
    assert "every sync failed" in noted["18 Nov"]
    assert not any("failed" in note for day, note in noted.items() if day != "18 Nov")
    assert "Red marks: days on which every sync failed." in screen.text(HISTORY)


def test_day_without_a_sync_and_day_with_a_held_reading_are_gaps_alone(
    client: Client, gapped: Balance
) -> None:
    fail_at(gapped, 18)
    fail_at(gapped, 18, outcome="HELD")

    screen = see(client, gapped)

    assert screen.texts(MARKS) == []
    assert "Red marks" not in screen.text(HISTORY)
    assert screen.has(f"{HISTORY}//*[@class='gap']")


def test_failures_of_other_credentials_mark_nothing(
    client: Client, acme: Tenant, gapped: Balance
) -> None:
    other = grow(make_credential(acme, name="Other"), ["1", "2"])
    fail_at(other, 18, 19)

    assert see(client, gapped).texts(MARKS) == []
