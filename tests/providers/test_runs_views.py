from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from providers.models import Credential, RunScope, RunStatus, Scope, SyncRun, Trigger
from providers.tenancy.models import Tenant, User
from providers.views.streaks import LISTED, NAMED
from tests.balances.builders import (
    NOW,
    make_account,
    make_balance,
    make_credential,
    make_scope,
)
from tests.screen import Headers, Screen, SignIn, classed, htmx, stop_clock

RUNS = "/acme/sync-runs/"
LINES = "//*[@id='providers-runs-table']//tbody/tr"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOSTILE = "<script>alert(1)</script>‮=1+1"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(auditor: User, sign_in: SignIn) -> Client:
    return sign_in(auditor)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def make_run(credential: Credential, status: RunStatus, **values: Any) -> SyncRun:
    """Save a run that began an hour before now; an ended one took 90 s."""
    started = values.setdefault("started_at", NOW - HOUR)
    if status != RunStatus.RUNNING:
        values.setdefault("ended_at", started + timedelta(seconds=90))
    run: SyncRun = SyncRun.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        fence=SyncRun.unscoped.count() + 1,
        status=status,
        **values,
    )
    return run


def see(
    client: Client, path: str = RUNS, *, status: int = 200, headers: Headers | None = None
) -> Screen:
    return Screen(client.get(path, headers=headers), status=status)


def rows(screen: Screen) -> list[str]:
    return screen.texts(f"{LINES}[not({classed('explain')})]")


def reasons(screen: Screen) -> list[str]:
    return screen.texts(f"{LINES}[{classed('explain')}]//summary")


# --- The list -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "values", "said"),
    [
        (RunStatus.SUCCEEDED, {"scopes_read": 3}, "Read"),
        (
            RunStatus.PARTIAL,
            {"scopes_read": 10, "scopes_failed": 2},
            "Partial, 9 balances read",
        ),
        (RunStatus.HELD, {"scopes_held": 1}, "1 reading held"),
        (RunStatus.HELD, {"scopes_held": 2}, "2 readings held"),
        (RunStatus.FAILED, {"error_code": "credential_rejected"}, "Failed, key refused"),
        (RunStatus.FAILED, {"error_code": "never heard of"}, "Failed, failed"),
        (RunStatus.ABANDONED, {}, "Abandoned, the worker was lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_row_says_how_a_run_ended(
    client: Client, payiano: Credential, status: RunStatus, values: dict[str, Any], said: str
) -> None:
    make_run(payiano, status, rows_read=9, rows_changed=4, **values)

    assert rows(see(client)) == [f"10:00 Payiano Collections Schedule {said} 9 4 1 min 30 s"]


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.HELD])
def test_what_was_not_read_changed_in_no_known_way(
    client: Client, payiano: Credential, status: RunStatus
) -> None:
    make_run(payiano, status)

    assert " 0 not known 1 min 30 s" in rows(see(client))[0]


def test_counts_are_written_alike_in_every_place(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.PARTIAL, rows_read=1120, rows_changed=1025)

    assert "Partial, 1,120 balances read 1,120 1,025 " in rows(see(client))[0]
    assert "1,120" in see(client, f"{RUNS}{run.public_id}/").texts("//dl//dd")


def test_row_names_who_asked(client: Client, payiano: Credential, alice: User) -> None:
    make_run(payiano, RunStatus.SUCCEEDED, trigger=Trigger.PERSON, requested_by=alice)

    assert f" {alice} " in rows(see(client))[0]


def test_newest_run_stands_first(client: Client, payiano: Credential) -> None:
    for ago in (3, 1, 2):
        make_run(payiano, RunStatus.SUCCEEDED, started_at=NOW - ago * HOUR)

    assert [row[:5] for row in rows(see(client))] == ["10:00", "09:00", "08:00"]


def test_nothing_read_yet_says_so(client: Client) -> None:
    assert "No runs here yet" in see(client).text("//*[@id='providers-runs-table']")


def test_result_and_credential_filter(client: Client, payiano: Credential, acme: Tenant) -> None:
    other = make_credential(acme, provider="payman", name="Treasury")
    make_run(other, RunStatus.FAILED)
    make_run(payiano, RunStatus.FAILED)
    make_run(payiano, RunStatus.SUCCEEDED)

    failed = see(client, see(client).href("Failed"))
    both = see(client, failed.href("Payiano Collections"))

    assert len(rows(failed)) == 2
    assert len(rows(both)) == 1
    assert both.texts("//nav/a[@aria-current='true']") == ["Failed"]
    assert both.texts("//main//details//a[@aria-current='true']") == [
        "Payiano Collections",
        "Last 24 hours",
    ]
    assert both.href("Succeeded").startswith(f"{RUNS}?status=succeeded&credential=")


@pytest.mark.parametrize(
    "query",
    [
        {"status": "lost"},
        {"credential": "f" * 32},
        {"credential": HOSTILE},
        {"credential": "a\0b"},
        {"page": "0"},
        {"page": "two"},
        {"started": "yesterday"},
        {"each": "all"},
        {"page": "9" * 30},
        {"colour": "red"},
    ],
    ids=str,
)
def test_query_not_understood_shows_no_rows(
    client: Client, payiano: Credential, query: dict[str, str]
) -> None:
    make_run(payiano, RunStatus.SUCCEEDED)

    screen = see(client, f"{RUNS}?{urlencode(query)}", status=422)

    assert rows(screen) == []
    assert "Nothing is shown" in screen.text(f"//main//*[{classed('notice')} and not(@hidden)]")
    assert screen.href("All runs") == RUNS


def test_credential_of_another_tenant_is_not_known(client: Client, globex: Tenant) -> None:
    theirs = make_credential(globex)

    see(client, f"{RUNS}?credential={theirs.public_id}", status=422)


def test_pages_follow_each_other(client: Client, payiano: Credential) -> None:
    for number in range(60):
        make_run(payiano, RunStatus.SUCCEEDED, started_at=NOW - number * MINUTE)

    second = see(client, f"{RUNS}?status=succeeded&page=2")

    assert len(rows(second)) == 25
    assert second.text(f"//nav[{classed('pager')}]/span[1]") == "26 to 50 of 60 runs"
    assert second.href("Next page") == f"{RUNS}?status=succeeded&page=3"
    assert second.href("Previous page") == f"{RUNS}?status=succeeded"


def test_past_the_end_leads_to_the_last_page(client: Client, payiano: Credential) -> None:
    make_run(payiano, RunStatus.SUCCEEDED)

    screen = see(client, f"{RUNS}?page=9")

    assert rows(screen) == []
    assert screen.href("Last page") == RUNS


def test_filter_that_finds_nothing_offers_all(client: Client, payiano: Credential) -> None:
    make_run(payiano, RunStatus.SUCCEEDED)

    screen = see(client, f"{RUNS}?status=failed")

    assert "No run matches these filters" in screen.text("//*[@id='providers-runs-table']")
    assert screen.href("All runs") == RUNS


def test_names_stay_text(client: Client, acme: Tenant) -> None:
    hostile = make_credential(acme, name=HOSTILE)
    run = make_run(hostile, RunStatus.FAILED, error_detail=HOSTILE)
    scope = make_scope(hostile, ref=HOSTILE, name=HOSTILE)
    RunScope.unscoped.create(
        tenant=acme, run=run, scope=scope, outcome="FAILED", error_detail=HOSTILE
    )

    for path in (RUNS, f"{RUNS}{run.public_id}/", "/acme/sync-runs/"):
        screen = see(client, path)
        assert b"<script>alert" not in screen.response.content
        assert HOSTILE in screen.text("//main")


# --- Sync now -------------------------------------------------------------------------------------
def test_sync_is_offered_of_all_or_of_one_active_credential(
    alice: User, sign_in: SignIn, client: Client, payiano: Credential, acme: Tenant
) -> None:
    make_credential(acme, name="Resting", paused_at=NOW)
    items = f"//*[{classed('head-actions')}]//button"

    screen = see(sign_in(alice))

    assert screen.texts(items) == ["All credentials", "Payiano Collections"]
    assert screen.texts(f"{items}/@value") == [payiano.public_id]
    assert see(client).texts(items) == []


def test_nothing_to_sync_offers_no_sync(alice: User, sign_in: SignIn, payiano: Credential) -> None:
    payiano.paused_at = NOW
    payiano.save()

    assert "Sync now" not in see(sign_in(alice)).text("//main")


# --- Equal failures in a row ------------------------------------------------------------------------
def fail(credential: Credential, *, minutes: int, code: str = "timeout", **values: Any) -> SyncRun:
    """Save a run that failed some minutes ago, in the order of the calls."""
    started = NOW - minutes * MINUTE
    return make_run(credential, RunStatus.FAILED, started_at=started, error_code=code, **values)


def test_equal_failures_in_a_row_are_one_line_though_others_ran_between(
    client: Client, payiano: Credential, acme: Tenant
) -> None:
    other = make_credential(acme, provider="payman", name="Treasury")
    make_run(payiano, RunStatus.SUCCEEDED, started_at=NOW - 50 * MINUTE)
    for minutes in (40, 30, 20, 10):
        fail(payiano, minutes=minutes)
        make_run(other, RunStatus.SUCCEEDED, started_at=NOW - minutes * MINUTE)

    screen = see(client)

    lines = [row for row in rows(screen) if "Payiano" in row]
    assert lines == [
        "10:20 to 10:50 Payiano Collections Schedule 4 runs failed, timed out 0 not known 1 min 30 s each",
        "10:10 Payiano Collections Schedule Read 0 0 1 min 30 s",
    ]
    assert reasons(screen) == ["No whole answer in time"]
    assert len(rows(screen)) == 6
    assert screen.text(f"//nav[{classed('pager')}]/span[1]") == "1 to 6 of 6 lines (9 runs)"


def test_another_reason_or_a_success_between_breaks_the_row(
    client: Client, payiano: Credential
) -> None:
    fail(payiano, minutes=50)
    fail(payiano, minutes=40, code="server_error", error_detail="HTTP 500")
    make_run(payiano, RunStatus.SUCCEEDED, started_at=NOW - 30 * MINUTE)
    fail(payiano, minutes=20, code="server_error", error_detail="HTTP 500")
    fail(payiano, minutes=10, code="server_error", error_detail="HTTP 503")

    for path in (RUNS, f"{RUNS}?status=failed"):
        said = [row.split(" Schedule ")[1] for row in rows(see(client, path)) if "Read" not in row]
        assert [text.split(" 0 ")[0] for text in said] == [
            *("2 runs failed, provider error", "Failed, 500", "Failed, timed out"),
        ]


def test_row_keeps_the_status_and_names_a_trigger_only_where_all_agree(
    client: Client, payiano: Credential, alice: User, bob: User
) -> None:
    refused: dict[str, Any] = {"code": "credential_rejected", "error_detail": "HTTP 401: no"}
    by_alice: dict[str, Any] = {"trigger": Trigger.PERSON, "requested_by": alice}
    fail(payiano, minutes=50, **refused)
    fail(payiano, minutes=40, **refused)
    assert " Schedule 2 runs failed, 401 " in rows(see(client))[0]

    fail(payiano, minutes=30, **refused, **by_alice)
    assert " Several 3 runs failed, 401 " in rows(see(client))[0]

    fail(payiano, minutes=20, code="timeout", **by_alice)
    fail(payiano, minutes=15, code="timeout", **by_alice)
    assert f" {alice} 2 runs failed, timed out " in rows(see(client))[0]

    fail(payiano, minutes=10, code="timeout", trigger=Trigger.PERSON, requested_by=bob)
    assert " Several 3 runs failed, timed out " in rows(see(client))[0]


def test_each_run_of_a_row_stands_behind_its_link(client: Client, payiano: Credential) -> None:
    for minutes in (30, 20, 10):
        fail(payiano, minutes=minutes)

    screen = see(client, see(client).href("Show each run"))

    assert [row[:5] for row in rows(screen)] == ["10:50", "10:40", "10:30"]


def test_row_counts_no_run_of_before_the_span(client: Client, payiano: Credential) -> None:
    for hours in (30, 26, 3, 2, 1):
        fail(payiano, minutes=60 * hours)

    assert " 3 runs failed, timed out " in rows(see(client))[0]
    week = see(client, see(client).href("Last 7 days"))
    assert rows(week)[0].startswith("19 Nov, 05:00 to 10:00 ")
    assert " 5 runs failed, timed out " in rows(week)[0]


def test_failure_says_when_it_is_tried_again_and_what_mends_it(
    alice: User, sign_in: SignIn, client: Client, payiano: Credential
) -> None:
    detail = 'HTTP 401: {"message":"Unauthenticated."}'
    fail(payiano, minutes=10, code="credential_rejected", error_detail=detail)
    payiano.error_code, payiano.due_at = "credential_rejected", NOW + HOUR
    payiano.save()

    explained = see(client).text(f"{LINES}[{classed('explain')}]//div")
    assert "The next try is at 12:00." in explained
    assert "Replace the secret" in explained
    assert see(client).text("//pre") == detail
    assert not see(client).has(f"{LINES}//a[{classed('btn')}]")
    page = see(sign_in(alice))
    assert page.href("Replace the access token") == f"/acme/providers/{payiano.public_id}/"


def test_failure_of_the_past_promises_nothing(client: Client, payiano: Credential) -> None:
    fail(payiano, minutes=10)

    assert "The next try" not in see(client).text("//main")


# --- Partial --------------------------------------------------------------------------------------
def miss(run: SyncRun, name: str, *, rows: int, read: bool = True, **values: Any) -> None:
    """Save that one part of a run was not read, which held some balances before."""
    before = run.started_at - HOUR if read else None
    scope = make_scope(run.credential, ref=name, name=name, row_count=rows, read_at=before)
    told = {"outcome": "FAILED", "error_code": "timeout", **values}
    RunScope.unscoped.create(tenant=run.tenant, run=run, scope=scope, **told)


def test_partial_run_counts_balances_and_names_its_parts(
    client: Client, payiano: Credential
) -> None:
    run = make_run(payiano, RunStatus.PARTIAL, rows_read=33, scopes_read=10, scopes_failed=2)
    miss(run, "Juniper Labs EUR", rows=4, error_code="server_error", error_detail="HTTP 500")
    miss(run, "Lotus Pharma JPY", rows=5)

    screen = see(client)

    assert " Partial, 33 balances read " in rows(screen)[0]
    assert reasons(screen) == ["Juniper Labs EUR: provider error 500; Lotus Pharma JPY: timed out"]
    path = f"{RUNS}{run.public_id}/"
    assert "Partial, 33 balances read" in see(client, path).text("//*[@id='providers-run']")
    for word in ("of 12", "scopes", "timed out, other"):
        assert word not in rows(screen)[0]


def test_many_parts_are_named_by_the_first_three_and_opening_shows_the_others(
    client: Client, payiano: Credential
) -> None:
    run = make_run(payiano, RunStatus.PARTIAL, rows_read=1)
    for number in range(1, 6):
        miss(run, f"P{number}", rows=1)

    screen = see(client)

    assert reasons(screen) == ["P1: timed out; P2: timed out; P3: timed out; 2 more"]
    assert "P4: timed out; P5: timed out" in screen.texts(f"{LINES}//details/div/p")
    assert " Partial, 1 balance read " in rows(screen)[0]
    assert "Show every part" not in screen.text("//main")


def test_more_parts_than_a_list_holds_stand_on_the_page_of_the_run(
    client: Client, payiano: Credential
) -> None:
    run = make_run(payiano, RunStatus.PARTIAL)
    for number in range(LISTED + 1):
        miss(run, f"P{number}", rows=1)

    screen = see(client)

    assert reasons(screen)[0].endswith(f"; {LISTED + 1 - NAMED} more")
    every = see(client, screen.href("Show every part"))
    assert len(every.texts("//*[@id='providers-run']//tbody/tr")) == LISTED + 1


def test_past_run_keeps_its_words_after_its_part_is_read(
    client: Client, payiano: Credential
) -> None:
    run = make_run(payiano, RunStatus.PARTIAL, rows_read=20, scopes_read=4, scopes_failed=1)
    miss(run, "Juniper Labs EUR", rows=5)
    before = rows(see(client))

    Scope.unscoped.filter(name="Juniper Labs EUR").update(read_at=NOW, row_count=6)

    assert rows(see(client)) == before
    assert " Partial, 20 balances read " in before[0]


def test_part_is_called_as_people_call_its_account(client: Client, acme: Tenant) -> None:
    payman = make_credential(acme, provider="payman", name="Treasury")
    run = make_run(payman, RunStatus.PARTIAL, rows_read=7, scopes_failed=2)
    for ref, display_name in (("cust_j24MvW", "Juniper Labs"), ("cust_b41XzN", "")):
        account = make_account(payman, external_ref=ref, display_name=display_name)
        scope = make_scope(payman, ref=f"customer:{ref}:JPY", name=f"{ref} in JPY")
        make_balance(payman, "JPY", account=account, scope=scope)
        RunScope.unscoped.create(
            tenant=acme, run=run, scope=scope, outcome="FAILED", error_code="timeout"
        )

    listed, one = see(client), see(client, f"{RUNS}{run.public_id}/")

    assert reasons(listed) == ["Juniper Labs in JPY: timed out; cust_b41XzN in JPY: timed out"]
    assert one.texts("//*[@id='providers-run']//tbody/tr/th") == [
        "Juniper Labs in JPY",
        "cust_b41XzN in JPY",
    ]
    assert "customer:" not in one.text("//main")


def test_held_parts_are_named(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.HELD, scopes_held=1)
    miss(run, "Main account", rows=9, outcome="HELD", error_code="")

    assert reasons(see(client)) == ["Main account: held"]


# --- Since when -----------------------------------------------------------------------------------
def test_runs_of_the_last_day_are_shown_and_older_ones_on_demand(
    client: Client, payiano: Credential
) -> None:
    make_run(payiano, RunStatus.SUCCEEDED, started_at=NOW - 25 * HOUR)

    screen = see(client)

    assert rows(screen) == []
    assert "No runs in this time" in screen.text("//main")
    assert len(rows(see(client, screen.href("Runs of any time")))) == 1
    assert len(rows(see(client, screen.href("Last 7 days")))) == 1


# --- Progress -------------------------------------------------------------------------------------
def test_list_asks_again_only_while_something_runs(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.RUNNING, scopes_total=4, scopes_read=1, rows_read=7)

    running = see(client)

    assert running.text("//progress/@value") == "1"
    assert running.text("//progress/@max") == "4"
    assert " 7 balances read so far 7 0 60 min 00 s so far" in rows(running)[0]
    table = running.part("//*[@id='providers-runs-table']")
    assert (table.text("@hx-get"), table.text("@hx-trigger")) == (RUNS, "every 2s")
    run.status, run.ended_at = RunStatus.SUCCEEDED, NOW
    run.save()
    part = see(client, headers=htmx("div#providers-runs-table"))
    assert not part.has("//*[@hx-get]")
    assert not part.has("//title")


def test_run_asks_again_only_while_it_runs(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.RUNNING, scopes_total=4)
    path = f"{RUNS}{run.public_id}/"

    assert see(client, path).text("//*[@id='providers-run']/@hx-get") == path
    assert "still running" in see(client, path).text("//*[@id='providers-run']")
    run.status, run.ended_at = RunStatus.SUCCEEDED, NOW
    run.save()
    part = see(client, path, headers=htmx("div#providers-run"))
    assert not part.has("//*[@hx-get]")


def test_run_before_its_first_scope_has_a_bar(client: Client, payiano: Credential) -> None:
    make_run(payiano, RunStatus.RUNNING)

    assert see(client).text("//progress/@max") == "1"


def status(client: Client, *, since: str = NOW.isoformat()) -> Screen:
    path = f"{RUNS}under-way/?{urlencode({'since': since})}"
    return see(client, path, headers=htmx("div#providers-sync-status"))


def test_wish_waits_for_a_worker_then_follows_its_runs_then_ends(
    client: Client, payiano: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = status(client)
    assert "Waiting for a worker" in waiting.text("//*[@role='status']")
    assert waiting.has("//*[@hx-trigger='every 1s']")

    run = make_run(payiano, RunStatus.RUNNING, started_at=NOW, scopes_total=3, rows_read=1)
    running = status(client)
    assert running.text("//*[@role='status']") == "Payiano Collections, 1 balance read so far"
    assert running.has("//*[@hx-trigger='every 1s']")

    run.status, run.ended_at = RunStatus.SUCCEEDED, NOW
    run.save()
    done = status(client)
    assert done.text("//*[@role='status']") == (
        "Payiano Collections is connected. 1 balance in 0 currencies, read in 0.0 s."
        " Show the new figures"
    )
    assert not done.has("//*[@hx-trigger]")


def test_failed_wish_says_so_with_the_colour_of_trouble(
    client: Client, payiano: Credential
) -> None:
    make_run(payiano, RunStatus.FAILED, started_at=NOW, ended_at=NOW)
    make_run(payiano, RunStatus.SUCCEEDED, started_at=NOW, ended_at=NOW)

    shown = status(client)

    assert shown.text(f"//*[{classed('state')}]") == "1 of 2 credentials read whole"
    assert shown.has(f"//*[{classed('state')} and {classed('bad')}]")
    assert shown.has("//*[local-name()='use' and @href='#i-alert']")


def test_wish_without_a_worker_gives_up_asking(
    client: Client, payiano: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = status(client, since=(NOW - timedelta(minutes=2)).isoformat())

    assert shown.text("//*[@role='status']") == "No worker has taken it up yet"
    assert not shown.has("//*[@hx-trigger]")


def test_wish_within_the_floor_names_when_it_comes_true(client: Client, acme: Tenant) -> None:
    make_credential(acme, due_at=NOW + timedelta(seconds=40))

    assert "Next reading at 11:00:40" in status(client).text("//*[@role='status']")


def test_no_instant_is_now(client: Client, acme: Tenant) -> None:
    assert "Waiting for a worker" in status(client, since="").text("//*[@role='status']")


def test_progress_is_a_page_for_who_has_no_script(client: Client, acme: Tenant) -> None:
    screen = see(client, f"{RUNS}under-way/")

    assert screen.text("//h1") == "Sync under way"
    assert screen.href("All runs") == RUNS


# --- One run --------------------------------------------------------------------------------------
def test_run_names_its_scopes_their_outcome_and_reason(client: Client, payiano: Credential) -> None:
    run = make_run(
        payiano,
        RunStatus.PARTIAL,
        scopes_read=8,
        scopes_failed=1,
        scopes_held=1,
        rows_read=20,
        rows_changed=3,
        requests=12,
    )
    outcomes: list[tuple[str, dict[str, Any]]] = [
        ("Juniper", {"outcome": "FAILED", "error_code": "timeout", "error_detail": "after 20 s"}),
        ("Lotus", {"outcome": "READ", "rows_read": 4, "rows_changed": 3}),
        ("Kestrel", {"outcome": "HELD"}),
    ]
    for name, values in outcomes:
        scope = make_scope(payiano, ref=name.lower(), name=name)
        RunScope.unscoped.create(tenant=run.tenant, run=run, scope=scope, **values)

    screen = see(client, f"{RUNS}{run.public_id}/")

    assert screen.texts("//*[@id='providers-run']//tbody/tr") == [
        "Juniper Timed out after 20 s 0 not known",
        "Kestrel Held 0 not known",
        "Lotus Read 4 3",
    ]
    told = dict(zip(screen.texts("//dl//dt"), screen.texts("//dl//dd"), strict=True))
    assert told["Parts"] == "8 read, 1 held, 1 failed"
    assert (told["Balances read"], told["Changed"]) == ("20", "3")
    assert told["Ended"] == "10:01, 1 min 30 s"


def test_failed_run_says_why_what_mends_it_and_what_was_answered(
    client: Client, payiano: Credential
) -> None:
    detail = 'HTTP 401: {"message":"Unauthenticated."}'
    run = fail(payiano, minutes=10, code="credential_rejected", error_detail=detail)

    screen = see(client, f"{RUNS}{run.public_id}/")

    assert screen.text(f"//main//*[{classed('notice')} and not(@hidden)]/p") == (
        "The key was refused. Replace the secret, or ask the provider for the missing permission."
    )
    assert screen.text("//pre") == detail


def test_failed_run_never_says_that_no_part_failed(client: Client, payiano: Credential) -> None:
    run = fail(
        payiano,
        minutes=10,
        code="credential_rejected",
        error_detail="HTTP 401",
        scopes_total=1,
        scopes_failed=1,
    )

    screen = see(client, f"{RUNS}{run.public_id}/")

    assert "Failed, 401" in screen.text("//main")
    assert screen.text(f"//main//*[{classed('empty')}]") == (
        "The run ended before any part was read."
    )
    told = dict(zip(screen.texts("//dl//dt"), screen.texts("//dl//dd"), strict=True))
    assert told["Parts"] == "0 read, 0 held, 1 failed"
    assert (told["Balances read"], told["Changed"]) == ("0", "not known")


def test_run_without_news_says_so(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.SUCCEEDED)

    screen = see(client, f"{RUNS}{run.public_id}/")

    assert "No part failed, was held or changed in this run." in screen.text("//main")


def test_run_of_another_tenant_is_not_found(client: Client, globex: Tenant) -> None:
    theirs = make_run(make_credential(globex), RunStatus.SUCCEEDED)

    see(client, f"{RUNS}{theirs.public_id}/", status=404)


def test_viewer_sees_no_runs(bob: User, sign_in: SignIn, payiano: Credential) -> None:
    see(sign_in(bob), status=403)
