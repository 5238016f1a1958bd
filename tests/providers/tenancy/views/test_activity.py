"""Check the activity log's page and its file: the same entries, in words, and nothing to widen them."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from providers.tenancy import activity
from providers.tenancy.models import ActivityEntry, Tenant, User
from tests.screen import Screen, SignIn, htmx, stop_clock, words

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
LOG, FILE = "/acme/activity/", "/acme/activity.csv"
HOSTILE = '=HYPERLINK("http://evil.example")<script>alert(1)</script>'


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(auditor: User, sign_in: SignIn) -> Client:
    return sign_in(auditor)


def rows(screen: Screen) -> list[list[str]]:
    found = screen.root.xpath("//*[@id='tenancy-activity']//tbody/tr")
    return [[words(cell) for cell in row] for row in found]


def table(client: Client, address: str = FILE) -> list[dict[str, str]]:
    text = client.get(address).getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def write(tenant: Tenant, **said: Any) -> None:
    activity.record(tenant, **{"action": "account.close", "label": "Main", "now": NOW, **said})


# --- The page -------------------------------------------------------------------------------------
def test_an_entry_is_one_sentence_with_who_when_before_after_and_reason(
    client: Client, acme: Tenant, alice: User
) -> None:
    write(acme, actor=alice, after={"closed_from": "2026-11-01"}, reason="merged")
    before, after = {"role": "VIEWER"}, {"role": "ANALYST"}
    earlier = NOW - timedelta(days=1)
    write(acme, action="member.role", label="b@x", before=before, after=after, now=earlier)

    screen = Screen(client.get(LOG))

    assert rows(screen) == [
        ["11:45", "Alice alice@acme.example", "Closed the account Main Reason: merged", "Closed from: 2026-11-01"],
        ["19 Nov, 11:45", "Operator or system", "Changed the role of b@x", "Role: Viewer now Analyst"],
    ]  # fmt: skip
    assert screen.text("//p[@class='count']") == "2 entries"


def test_hostile_words_stay_words(client: Client, acme: Tenant) -> None:
    write(acme, label=HOSTILE, reason=HOSTILE, after={HOSTILE: HOSTILE})
    answer = client.get(LOG, {"object": HOSTILE[:50]})

    assert b"<script>alert" not in answer.content
    assert HOSTILE in rows(Screen(answer))[0][2]


def test_an_object_leads_to_all_about_it(client: Client, acme: Tenant, alice: User) -> None:
    write(acme, obj=alice, label="alice")
    write(acme, label="else")
    (link,) = Screen(client.get(LOG)).texts("//tbody//a/@href")

    assert link == f"{LOG}?object={alice.public_id}"
    assert len(rows(Screen(client.get(link)))) == 1


def test_the_filter_offers_who_acted_here_and_stands_as_it_was_chosen(
    client: Client, acme: Tenant, globex: Tenant, alice: User, mallory: User
) -> None:
    write(acme, actor=alice)
    write(globex, actor=mallory)
    asked = {"who": alice.public_id, "what": "accounts", "object": "main", "from": "2026-11-20"}
    screen = Screen(client.get(LOG, {**asked, "to": ""}))

    assert screen.texts("//select[@name='who']/option") == [
        "Everybody",
        "Nobody signed in, operator, system",
        "Alice (alice@acme.example)",
    ]
    assert screen.texts("//option[@selected]/@value") == [alice.public_id, "accounts"]
    assert screen.texts("//form[@role='search']//input/@value") == ["main", "2026-11-20", ""]
    assert len(rows(screen)) == 1


def test_pages_hold_fifty_and_keep_the_filter(client: Client, acme: Tenant) -> None:
    for n in range(101):
        write(acme, label=f"n{n}", now=NOW + timedelta(seconds=n))
    first, last = (Screen(client.get(LOG, {"what": "accounts", "page": page})) for page in (1, 3))

    assert [len(rows(first)), len(rows(last))] == [50, 1]
    assert "n100" in rows(first)[0][2]
    assert "1 to 50 of 101" in first.text("//nav[@class='pager']")
    assert first.href("Next page") == f"{LOG}?what=accounts&page=2"
    assert last.href("Previous page") == f"{LOG}?what=accounts&page=2"


def test_past_the_end_there_are_no_rows_and_a_way_to_the_last(client: Client, acme: Tenant) -> None:
    write(acme)
    screen = Screen(client.get(LOG, {"page": 7}))

    assert rows(screen) == []
    assert screen.href("Go to the last page") == LOG


@pytest.mark.parametrize("headers", [{}, htmx("div#tenancy-activity")], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("params", "control"),
    [
        ({"what": "nonsense"}, "what"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-11-20", "to": "2026-11-19"}, "to"),
        ({"colour": "red"}, None),
        ({"items": "1"}, None),
        ({"page": "x"}, None),
    ],
)
def test_what_is_not_understood_shows_no_rows_and_says_why(
    client: Client, acme: Tenant, params: dict[str, str], control: str | None, headers: Any
) -> None:
    write(acme, label="Main")
    answer = client.get(LOG, params, headers=headers)
    screen = Screen(answer, status=422)

    assert "items" not in answer.context
    assert rows(screen) == []
    assert "Nothing is shown" in screen.text("//*[@role='alert' and @autofocus]")
    invalid = screen.root.xpath("//*[@aria-invalid='true']")
    assert [each.get("name") for each in invalid] == ([control] if control else [])
    for each in invalid:
        assert screen.has(f"//p[@class='error' and @id='{each.get('aria-describedby')}']")
    assert not screen.has("//a[@download]")
    assert "HX-Push-Url" not in screen.response


def test_htmx_gets_the_part_under_its_one_address(client: Client, acme: Tenant) -> None:
    write(acme)
    asked = {"who": "", "what": "accounts", "object": "", "from": "", "to": ""}
    answer = client.get(LOG, asked, headers=htmx("div#tenancy-activity"))

    assert answer["HX-Push-Url"] == f"{LOG}?what=accounts"
    assert "HX-Target" in answer["Vary"]
    assert b"<html" not in answer.content
    assert len(rows(Screen(answer))) == 1


@pytest.mark.parametrize(
    ("params", "words"),
    [({}, "Nothing was recorded yet"), ({"what": "held"}, "No entry matches this filter")],
)
def test_an_empty_log_says_so(
    client: Client, acme: Tenant, params: dict[str, str], words: str
) -> None:
    assert words in Screen(client.get(LOG, params)).text("//*[@id='tenancy-activity']")


# --- The file -------------------------------------------------------------------------------------
def test_the_file_holds_every_entry_of_the_filter_and_no_other(
    client: Client, acme: Tenant, globex: Tenant, alice: User
) -> None:
    for n in range(60):
        write(acme, label=f"n{n}", actor=alice, now=NOW + timedelta(seconds=n))
    write(acme, action="sign_in", label="other")
    write(globex, label="theirs")
    address = Screen(client.get(LOG, {"what": "accounts"})).href("Export CSV")

    found = table(client, address)

    assert address == f"{FILE}?what=accounts"
    assert [row["object"] for row in found] == [f"n{n}" for n in reversed(range(60))]
    assert found[-1] == {
        "at": "2026-11-20T11:45:00+02:00",
        "who": "Alice",
        "email": "alice@acme.example",
        "action": "account.close",
        "what": "Closed the account n0",
        "object_type": "",
        "object": "n0",
        "object_ref": "",
        "changes": "",
        "before": "",
        "after": "",
        "reason": "",
    }


def test_no_text_of_the_file_is_a_formula(client: Client, acme: Tenant) -> None:
    write(acme, label=HOSTILE, reason="-1", after={"display_name": "@x", "api_secret": "sk.live.1"})
    (row,) = table(client)

    assert (row["object"], row["reason"]) == (f"'{HOSTILE}", "'-1")
    assert row["after"] == '{"api_secret": "hidden", "display_name": "@x"}'
    assert "sk.live" not in str(row)
    assert [cell for cell in row.values() if cell[:1] in "=+-@\t\r\n" and cell] == []


def test_a_download_is_logged_before_its_first_byte_and_is_not_in_itself(
    client: Client, acme: Tenant, auditor: User
) -> None:
    write(acme)
    found = table(client, f"{FILE}?object=Main&from=&page=2")

    entry = ActivityEntry.objects.for_tenant(acme).get(action="activity.download")
    assert len(found) == 1
    assert (entry.actor, entry.at) == (auditor, NOW)
    assert entry.after == {"format": "csv", "query": "object=Main", "rows": 1}
    assert len(table(client)) == 2


def test_a_file_that_is_not_understood_is_no_file_and_no_entry(
    client: Client, acme: Tenant
) -> None:
    write(acme)
    screen = Screen(client.get(FILE, {"colour": "red"}), status=422)

    assert "“colour” is nothing the log can be filtered by." in screen.text("//main")
    assert screen.href("Leave it out") == LOG
    assert not ActivityEntry.objects.for_tenant(acme).filter(action="activity.download").exists()


def test_a_file_is_named_by_tenant_and_time(client: Client, acme: Tenant) -> None:
    answer = client.get(FILE)

    assert (
        answer["Content-Disposition"] == 'attachment; filename="acme-activity-2026-11-20-1145.csv"'
    )
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


def test_the_page_costs_the_same_for_many(
    client: Client, acme: Tenant, alice: User, bob: User
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(LOG)
        return len(asked)

    write(acme, actor=alice)
    cost()  # the first request writes the session
    one = cost()
    for _ in range(20):
        write(acme, actor=bob)

    assert cost() == one
