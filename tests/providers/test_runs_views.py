from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from providers.models import Credential, RunScope, RunStatus, SyncRun, Trigger
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_credential, make_scope
from tests.screen import Headers, Screen, SignIn, classed, htmx, stop_clock

RUNS = "/acme/sync-runs/"
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
    return screen.texts("//*[@id='providers-runs-table']//tbody/tr")


# --- The list -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "values", "said"),
    [
        (RunStatus.SUCCEEDED, {"scopes_read": 3}, "Read"),
        (
            RunStatus.PARTIAL,
            {"scopes_read": 10, "scopes_failed": 2},
            "Partial, 10 of 12 scopes",
        ),
        (RunStatus.HELD, {"scopes_held": 1}, "1 scope held"),
        (RunStatus.HELD, {"scopes_held": 2}, "2 scopes held"),
        (RunStatus.FAILED, {"error_code": "credential_rejected"}, "Failed: the key was refused"),
        (RunStatus.FAILED, {"error_code": "never heard of"}, "Failed: it failed"),
        (RunStatus.ABANDONED, {}, "Abandoned, the worker was lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_row_says_how_a_run_ended(
    client: Client, payiano: Credential, status: RunStatus, values: dict[str, Any], said: str
) -> None:
    make_run(payiano, status, rows_read=9, rows_changed=4, **values)

    assert rows(see(client)) == [f"10:00 Payiano Collections Schedule {said} 9 4 1 min 30 s"]


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
    make_run(payiano, RunStatus.FAILED)
    make_run(payiano, RunStatus.SUCCEEDED)
    make_run(other, RunStatus.FAILED)

    failed = see(client, see(client).href("Failed"))
    both = see(client, failed.href("Payiano Collections"))

    assert len(rows(failed)) == 2
    assert len(rows(both)) == 1
    assert both.texts("//nav/a[@aria-current='true']") == ["Failed"]
    assert both.texts("//main//details//a[@aria-current='true']") == ["Payiano Collections"]
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
    assert "Nothing is shown" in screen.text(f"//*[{classed('notice')}]")
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


# --- Progress -------------------------------------------------------------------------------------
def test_list_asks_again_only_while_something_runs(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.RUNNING, scopes_total=4, scopes_read=1)

    running = see(client)

    assert running.text("//progress/@value") == "1"
    assert running.text("//progress/@max") == "4"
    assert "1 of 4 scopes" in rows(running)[0]
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

    run = make_run(payiano, RunStatus.RUNNING, started_at=NOW, scopes_total=3, scopes_read=2)
    running = status(client)
    assert running.text("//*[@role='status']") == "Payiano Collections, 2 of 3 scopes"
    assert running.has("//*[@hx-trigger='every 1s']")

    run.status, run.ended_at = RunStatus.SUCCEEDED, NOW
    run.save()
    done = status(client)
    assert done.text("//*[@role='status']") == "1 credential read Show the new figures"
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


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-45T99:00", "2026-11-20T09:00:00"])
def test_unreadable_instant_is_now(client: Client, acme: Tenant, since: str) -> None:
    assert "Waiting for a worker" in status(client, since=since).text("//*[@role='status']")


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
        "Juniper juniper no whole answer in time after 20 s 0 0",
        "Kestrel kestrel Held 0 0",
        "Lotus lotus Read 4 3",
    ]
    told = dict(zip(screen.texts("//dl//dt"), screen.texts("//dl//dd"), strict=True))
    assert told["Scopes"] == "8 read, 1 held, 1 failed"
    assert told["Balances"] == "20 read, 3 changed"
    assert told["Ended"] == "10:01, 1 min 30 s"


def test_run_without_news_says_so(client: Client, payiano: Credential) -> None:
    run = make_run(payiano, RunStatus.SUCCEEDED)

    screen = see(client, f"{RUNS}{run.public_id}/")

    assert "No scope failed, was held or changed in this run." in screen.text("//main")


def test_run_of_another_tenant_is_not_found(client: Client, globex: Tenant) -> None:
    theirs = make_run(make_credential(globex), RunStatus.SUCCEEDED)

    see(client, f"{RUNS}{theirs.public_id}/", status=404)


def test_viewer_sees_no_runs(bob: User, sign_in: SignIn, payiano: Credential) -> None:
    see(sign_in(bob), status=403)
