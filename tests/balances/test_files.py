"""Files through their addresses: the rows of the page, all of them, from one snapshot, and who may have them."""

import csv
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections, connection
from django.http import StreamingHttpResponse
from django.test import Client

from balances import results
from balances.columns import Column, ColumnKind, file_columns
from balances.models import Balance
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery
from balances.results import Context, Row, Total
from balances.states import STATES
from balances.views import files
from benchmarks import downloads
from benchmarks._world import make_balances
from providers.money import plain
from providers.tenancy.models import ActivityEntry, Tenant, User
from providers.tenancy.spreadsheets import safe_text
from tests.balances.builders import make_account, make_balance, make_credential, make_scope
from tests.balances.exports.sheets import CAIRO, facts, formulas, raw_cells, table
from tests.balances.query.worlds import make_world
from tests.processes import database_url

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]

QUERIES = (
    "",
    "sort=-available,account&per_page=1&page=7",
    "holder=own&available__gte=0&sort=currency,-ledger",
    "q=alder&group_by=currency",
    "state=fresh&state=stale&state=closed&sort=as_of",
    "currency=ZZZ",
)


@pytest.fixture
def client(analyst: User, sign_in: SignIn) -> Client:
    return sign_in(analyst)


def download(client: Client, address: str) -> StreamingHttpResponse:
    """Ask for a file; nothing of it is read yet."""
    return cast("StreamingHttpResponse", client.get(address))


def body(client: Client, address: str) -> bytes:
    """Download a file whole, as a browser does."""
    response = download(client, address)
    assert response.status_code == 200
    return b"".join(cast("Iterator[bytes]", response.streaming_content))


def leave(response: StreamingHttpResponse) -> None:
    """End a response as a server does when its reader is gone, but keep the connection, as PostgreSQL's is kept."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)


def asked(tenant: Tenant, query_string: str, *, now: datetime) -> tuple[BalanceQuery, Context]:
    query = parse_text(query_string, zone=ZoneInfo(tenant.time_zone))
    return query, Context.load(tenant, now=now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the clock of the views still."""
    now = datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)
    monkeypatch.setattr(files, "timezone", SimpleNamespace(now=lambda: now))
    return now


# --- The same rows, cell by cell ------------------------------------------------------------------
@pytest.mark.parametrize("query_string", QUERIES, ids=lambda text: text or "all")
def test_workbook_holds_the_rows_of_the_query_cell_by_cell(
    acme: Tenant, client: Client, clock: datetime, query_string: str
) -> None:
    make_world(acme, seed=11, rows=70)

    data = body(client, f"/acme/balances.xlsx?{query_string}")

    query, context = asked(acme, query_string, now=clock)
    rows = list(results.stream(query, context=context))
    found = table(data)
    assert len(found) == len(rows) == results.count(query, context=context)
    for cells, row in zip(found, rows, strict=True):
        for column in file_columns(BalanceQuery()):
            _assert_cell(cells, column, row)
    assert formulas(data) == []


def _assert_cell(cells: dict[str, Any], column: Column, row: Row) -> None:
    value = column.value(row)
    if column.kind is ColumnKind.AMOUNT:
        number, twin = cells[column.header], cells[f"{column.header}, exact"]
        assert twin == (None if value is None else plain(value, row.decimals))
        assert number is None if value is None else float(number) == float(value)
    elif column.kind is ColumnKind.INSTANT:
        _assert_instant(cells[f"{column.header} (Africa/Cairo)"], value)
    else:
        assert cells[column.header] == (value if value != "" else None)


def _assert_instant(shown: datetime | None, value: datetime | None) -> None:
    """Compare to the millisecond, beyond which readers of workbooks round."""
    if shown is None or value is None:
        assert shown is value
        return
    local = value.astimezone(CAIRO).replace(tzinfo=None)
    assert abs(shown - local) <= timedelta(milliseconds=1)


@pytest.mark.parametrize("query_string", QUERIES, ids=lambda text: text or "all")
def test_csv_holds_the_rows_of_the_query_cell_by_cell(
    acme: Tenant, client: Client, clock: datetime, query_string: str
) -> None:
    make_world(acme, seed=12, rows=70)

    data = body(client, f"/acme/balances.csv?{query_string}")

    query, context = asked(acme, query_string, now=clock)
    rows = list(results.stream(query, context=context))
    found = list(csv.DictReader(StringIO(data.decode("utf-8-sig"), newline="")))
    assert [list(each.values()) for each in found] == [
        [_field(column, row) for column in file_columns(BalanceQuery())] for row in rows
    ]


def _field(column: Column, row: Row) -> str:
    value = column.value(row)
    if value is None:
        return ""
    if column.kind is ColumnKind.AMOUNT:
        return plain(value, row.decimals)
    if column.kind is ColumnKind.INSTANT:
        return str(value.astimezone(CAIRO).isoformat())
    return str(value).lower() if column.kind is ColumnKind.BOOL else safe_text(value)


def test_totals_sheet_holds_the_totals_of_the_query(
    acme: Tenant, client: Client, clock: datetime
) -> None:
    make_world(acme, seed=13, rows=70)

    data = body(client, "/acme/balances.xlsx?q=alder&per_page=1")

    query, context = asked(acme, "q=alder", now=clock)
    totals = results.totals(query, context=context)
    found = table(data, "Totals")
    assert len(totals) > 3
    assert [_key(each) for each in found] == [
        (t.currency, t.holder.lower(), t.counting.lower()) for t in totals
    ]
    for cells, total in zip(found, totals, strict=True):
        _assert_total(cells, total)


def _key(cells: dict[str, Any]) -> tuple[str, str, str]:
    return (cells["Currency"], cells["Holder"], cells["Counting"])


def _assert_total(cells: dict[str, Any], total: Total) -> None:
    assert cells["Balances"] == total.rows
    assert {state: cells[str(said.label)] for state, said in STATES.items()} == {
        state: total.reads[state].rows if state in total.reads else 0 for state in STATES
    }
    for name in ("available", "pending", "ledger"):
        figure, head = getattr(total, name), name.title()
        exact = cells[f"{head}, exact"]
        assert (Decimal(exact) if exact is not None else None) == figure.sum
        assert (cells[head] is None) == (figure.sum is None)
        assert figure.sum is None or float(cells[head]) == float(figure.sum)
        assert cells[f"{head}, reported by"] == figure.reported
        assert cells[f"{head}, negative balances"] == figure.negative_count
        assert float(cells[f"{head}, negatives"] or 0) == float(figure.negative_sum)
    _assert_instant(cells["Oldest as of"], total.oldest_as_of)
    _assert_instant(cells["Oldest confirmed"], total.oldest_read)


def test_about_sheet_says_what_the_file_is(
    acme: Tenant, client: Client, analyst: User, clock: datetime
) -> None:
    credential = make_credential(acme, provider="payiano", name="Main")
    fresh = make_scope(credential, read_at=clock)
    old = make_scope(credential, read_at=datetime(2026, 11, 19, 22, 0, tzinfo=UTC))
    make_balance(credential, "USD", "1.00", scope=fresh, account=make_account(credential))
    make_balance(credential, "USD", "2.00", scope=old, account=make_account(credential))
    make_balance(credential, "EUR", "3.00", scope=fresh, account=make_account(credential))
    address = "/acme/balances.xlsx?sort=-available&currency=USD&page=3&q="

    told = dict(facts(body(client, address)))

    assert told["Tenant"] == "Acme"
    assert told["Balances"].startswith("Balances where Currency is USD.")
    assert told["Query"] == "currency=USD"
    assert told["Address"] == "http://testserver/acme/balances/?currency=USD"
    assert told["Rows"] == 2
    assert (told["Up to date"], told["Stale"]) == (1, 1)
    assert told["Confirmed"] == (
        "1 of these 2 confirmed since 20 Nov 2026, 11:00, 1 from 20 Nov 2026, 00:00."
    )
    assert told["Payiano Available"] == "can be withdrawn, transferred or paid out now"
    assert told["Payiano Pending"] == "still to be collected"
    assert told["Oldest as of"] == datetime(2026, 11, 20, 0, 0)  # noqa: DTZ001  # as a sheet holds it
    assert told["Newest as of"] == datetime(2026, 11, 20, 11, 0, 30)  # noqa: DTZ001  # as a sheet holds it
    assert told["Made at"] == datetime(2026, 11, 20, 11, 0, 30)  # noqa: DTZ001  # as a sheet holds it
    assert told["Made by"] == "Nadia"
    assert told["Times are in"] == "Africa/Cairo"


def test_columns_are_obeyed_in_both_files(acme: Tenant, client: Client) -> None:
    make_balance(make_credential(acme), "USD", "5.00", external_ref="m-1")

    (cells,) = table(body(client, "/acme/balances.xlsx?columns=state"))
    text = body(client, "/acme/balances.csv?columns=state").decode("utf-8-sig")

    assert list(cells) == ["Account", "Currency", "Available", "Available, exact", "State"]
    assert text.splitlines()[0] == "account_name,currency,available,state"


def test_hostile_names_reach_the_files_inert(acme: Tenant, client: Client) -> None:
    acme.name = '=HYPERLINK("http://evil","x")'
    acme.save()
    name = "=cmd|' /C calc'!A0 _x0041_"
    make_balance(make_credential(acme), "USD", "99999999999999999999.999999999999999999", name=name)

    data = body(client, "/acme/balances.xlsx?q=_x0041_")
    text = body(client, "/acme/balances.csv").decode("utf-8-sig")

    (cells,) = table(data)
    assert formulas(data) == []
    assert cells["Account"] == name
    assert dict(facts(data))["Tenant"] == acme.name
    assert "“_x0041_”" in dict(facts(data))["Balances"]
    assert next(csv.DictReader(StringIO(text)))["account_name"] == f"'{name}"
    digits = [cell.text for cell in raw_cells(data).values() if cell.text.startswith("9999")]
    assert digits == ["99999999999999999999.999999999999999999"] * 2
    sums = [cell.text for cell in raw_cells(data, 2).values() if cell.text.startswith("9999")]
    assert sums == ["99999999999999999999.999999999999999999"] * 2


# --- Answers --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("extension", "content_type"),
    [
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("csv", "text/csv; charset=utf-8"),
    ],
)
def test_file_is_named_for_tenant_and_local_time(
    acme: Tenant, client: Client, clock: datetime, extension: str, content_type: str
) -> None:
    response = download(client, f"/acme/balances.{extension}")
    leave(response)

    assert response["Content-Type"] == content_type
    name = f"acme-balances-2026-11-20-1100.{extension}"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
@pytest.mark.parametrize(
    ("query_string", "path"),
    [
        ("currency=U$D", "currency"),
        ("colour=red", "colour"),
        ("available__gte=ten", "available__gte"),
        ("columns=secret", "columns"),
        ("credential=" + "0" * 32, "credential"),
    ],
)
def test_query_not_understood_makes_no_file_and_says_why(
    acme: Tenant, client: Client, extension: str, query_string: str, path: str
) -> None:
    make_balance(make_credential(acme), "USD", "31337.00", external_ref="m-31337")

    response = client.get(f"/acme/balances.{extension}?{query_string}")

    assert response.status_code == 422
    assert not response.streaming
    assert response["Content-Type"].startswith("text/html")
    assert "Content-Disposition" not in response
    page = response.content.decode()
    assert f'<span class="mono">{path}</span>' in page
    assert "31337" not in page
    assert _downloads(acme) == []


def test_more_rows_than_a_sheet_holds_are_refused_but_not_as_csv(
    acme: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SHEET_ROWS", 1)
    credential = make_credential(acme)
    for _ in range(2):
        make_balance(credential)

    response = client.get("/acme/balances.xlsx")

    assert response.status_code == 422
    assert "2 rows; a sheet holds 1" in response.content.decode()
    assert len(body(client, "/acme/balances.csv").splitlines()) == 3


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_viewer_may_not_download(acme: Tenant, bob: User, sign_in: SignIn, extension: str) -> None:
    assert sign_in(bob).get(f"/acme/balances.{extension}").status_code == 403
    assert _downloads(acme) == []


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_nothing_of_another_tenant_is_in_a_file(
    acme: Tenant, globex: Tenant, client: Client, extension: str
) -> None:
    make_balance(make_credential(globex), external_ref="theirs")

    data = body(client, f"/acme/balances.{extension}")

    assert table(data) == [] if extension == "xlsx" else len(data.splitlines()) == 1


# --- The log, and one snapshot: with real transactions --------------------------------------------
def _downloads(tenant: Tenant) -> list[ActivityEntry]:
    entries = ActivityEntry.objects.for_tenant(tenant)
    return list(entries.filter(action="balances.download").order_by("pk"))


@pytest.mark.django_db(transaction=True)
def test_every_download_is_in_the_activity_log_before_its_first_byte(
    acme: Tenant, client: Client, analyst: User
) -> None:
    make_balance(make_credential(acme))

    leave(download(client, "/acme/balances.xlsx?currency=USD&page=2"))
    body(client, "/acme/balances.csv")

    first, second = _downloads(acme)
    assert (first.actor, first.actor_email) == (analyst, analyst.email)
    assert first.after == {"format": "xlsx", "query": "currency=USD", "rows": 1}
    assert second.after == {"format": "csv", "query": "", "rows": 1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_file_is_one_snapshot_while_a_sync_goes_on(
    acme: Tenant, client: Client, extension: str
) -> None:
    credential = make_credential(acme, provider="swipelux")
    kept = [make_balance(credential, "USD", "1.00", address="x" * 150) for _ in range(900)]
    response = download(client, f"/acme/balances.{extension}")
    chunks = iter(cast("Iterator[bytes]", response.streaming_content))
    begun = next(chunks)

    _meanwhile(lambda: _sync(credential.pk, [each.pk for each in kept]))
    data = begun + b"".join(chunks)

    assert Balance.unscoped.filter(available=Decimal(2)).count() == 901
    if extension == "csv":
        rows = list(csv.DictReader(StringIO(data.decode("utf-8-sig"))))
        assert [row["available"] for row in rows] == ["1.00"] * 900
        return
    assert [row["Available, exact"] for row in table(data)] == ["1.00"] * 900
    (total,) = table(data, "Totals")
    assert (total["Available, exact"], total["Balances"]) == ("900.00", 900)
    assert dict(facts(data))["Rows"] == 900


def _sync(credential_id: int, known: list[int]) -> None:
    credential = type(Balance.unscoped.get(pk=known[0]).account.credential).unscoped.get(
        pk=credential_id
    )
    Balance.unscoped.filter(pk__in=known).update(available=Decimal(2))
    make_balance(credential, "USD", "2.00")


def _meanwhile(work: Callable[[], None]) -> None:
    """Do the work on a connection of its own, and wait for it."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001  # told to the test below
            faults.append(fault)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert faults == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("extension", ["xlsx", "csv"])
@pytest.mark.parametrize("chunks_read", [0, 1, 2])
def test_reader_who_leaves_leaves_no_transaction_open(
    acme: Tenant, client: Client, extension: str, chunks_read: int
) -> None:
    credential = make_credential(acme, provider="swipelux")
    for number in range(600):
        make_balance(
            credential, "USD", "1.00", name=f"{number:050}", address=f"{number * 7919:0200}"
        )
    response = download(client, f"/acme/balances.{extension}")
    assert not _is_in_transaction()  # until the first byte is asked for
    chunks = iter(cast("Iterator[bytes]", response.streaming_content))
    for _ in range(chunks_read):
        next(chunks)
        assert _is_in_transaction()

    leave(response)

    assert not _is_in_transaction()
    make_balance(credential, "USD", "2.00")
    assert len(body(client, "/acme/balances.csv").splitlines()) == 602


def _is_in_transaction() -> bool:
    connection.ensure_connection()
    raw: Any = connection.connection
    if connection.vendor == "sqlite":
        return bool(raw.in_transaction)
    return str(raw.info.transaction_status.name) != "IDLE"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_download_takes_bounded_memory_from_the_database_to_the_last_byte(
    acme: Tenant,
    analyst: User,
    monkeypatch: pytest.MonkeyPatch,
    count: Callable[[int], int],
    extension: str,
) -> None:
    make_balances(acme, count=count(10_000), now=datetime.now(UTC))
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "dashboard.settings")

    *_, size, grown = downloads.measured(f"/acme/balances.{extension}?per_page=1")

    assert size > 100 * count(10_000)
    assert grown < 150  # megabytes above idle; it is about ten


def test_workbook_is_whole_when_nothing_was_ever_read(acme: Tenant, client: Client) -> None:
    data = body(client, "/acme/balances.xlsx")

    assert zipfile.ZipFile(BytesIO(data)).testzip() is None
    assert table(data) == table(data, "Totals") == []
    assert dict(facts(data))["Oldest as of"] == "no figure"
