"""Compare closings with a plain replay of every reading."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from balances import ingest, tasks
from balances.closings.days import SETTLE, Day, cutoff, days
from balances.closings.making import close, due, make
from balances.models import (
    Account,
    Balance,
    Closing,
    ClosingDay,
    ClosingTotal,
    Coverage,
    Observation,
)
from providers.errors import ServerError
from providers.models import AsOfSource, Credential, Outcome
from providers.tenancy.managers import AppendOnlyError
from providers.tenancy.models import Tenant
from tests.balances.builders import make_balance, make_credential, make_scope, make_tenant
from tests.balances.readings import failed, keep, open_run, reading, row

REFS = ("m-1", "m-2", "m-3")
STALE = timedelta(minutes=15)
# A zone, and a day near which its clocks change.
WORLDS = (
    ("Africa/Cairo", date(2026, 4, 22)),
    ("Africa/Cairo", date(2026, 10, 28)),
    ("Europe/Berlin", date(2026, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 24)),
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 10, 31)),
)
Rows = Mapping[str, Decimal | None]


# --- The replay -----------------------------------------------------------------------------------
@dataclass
class Replay:
    """What a ledger kept with pencil and paper would hold: the whole readings, and the failures."""

    good: list[tuple[datetime, Rows]] = field(default_factory=list)
    bad: list[datetime] = field(default_factory=list)

    def closings(self, end: datetime) -> dict[str, tuple[Any, ...]]:
        """Return the closing of every balance read by then, as far as is known now."""
        found = {ref: self.closing(ref, end) for ref in REFS}
        return {ref: each for ref, each in found.items() if each is not None}

    def closing(self, ref: str, end: datetime) -> tuple[Any, ...] | None:
        """Return value, first reading of it, last confirmation, and whether that was in time."""
        seen = [(at, rows[ref]) for at, rows in self.good if at <= end and ref in rows]
        if not seen:
            return None
        at, value = seen[-1]
        first = at
        for before, other in reversed(seen):
            if other != value:
                break
            first = before
        last = max(when for when, _ in self.good if when <= end)
        if at != last and not self._came_back(ref, end):
            return value, first, at, False
        at = end if self._goes_on(last, end) else last
        return value, first, at, end - at <= STALE

    def _came_back(self, ref: str, end: datetime) -> bool:
        """Tell a balance that was missing, and came back before the day was closed: nothing keeps that."""
        return any(ref in rows for when, rows in self.good if when > end)

    def _goes_on(self, at: datetime, end: datetime) -> bool:
        """Tell whether a reading past the end followed without a gap or a failure between."""
        later = [when for when, _ in self.good if when > end]
        if not later or later[0] - at > STALE:
            return False
        return not any(at < when < later[0] for when in self.bad)


amounts = st.none() | st.decimals(
    min_value=Decimal("-99999999999999999999"),
    max_value=Decimal("99999999999999999999"),
    allow_nan=False,
    places=18,
)
few = st.sampled_from([Decimal("1.5"), Decimal("-2.25"), Decimal(0), None])
tables = st.dictionaries(st.sampled_from(REFS), few | amounts, min_size=0, max_size=3)
# Minutes from the first midnight; readings cluster where days end.
near = st.integers(0, 3).flatmap(lambda n: st.integers(n * 1440 - 20, n * 1440 + 3))
events = st.dictionaries(
    near | st.integers(-600, 4400), st.none() | tables, min_size=1, max_size=14
)


def record(credential: Credential, replay: Replay, *, at: datetime, rows: Rows | None) -> None:
    run = open_run(credential)
    if rows is None:
        ingest.record(run, reading=failed(ServerError("broken"), at=at))
        replay.bad.append(at)
        return
    given_rows = [
        row(ref, None if amount is None else format(amount, "f")) for ref, amount in rows.items()
    ]
    recorded = ingest.record(run, reading=reading(*given_rows, at=at))
    if recorded.outcome == Outcome.READ:
        replay.good.append((at, rows))
    else:
        replay.bad.append(at)  # a doubtful reading is held, and confirms nothing


def made(tenant: Tenant, day: date) -> dict[str, tuple[Any, ...]]:
    rows = Closing.objects.for_tenant(tenant).filter(business_date=day)
    return {
        ref: tuple(rest)
        for ref, *rest in rows.values_list(
            "balance__account__external_ref",
            *("available", "fetched_at", "confirmed_at", "is_confirmed"),
        )
    }


def expected_total(found: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...] | None:
    values = [value for value, *_ in found.values() if value is not None]
    below = [value for value in values if value < 0]
    confirmed = sum(bool(each[3]) for each in found.values())
    return (
        *(len(found), confirmed, len(found) - confirmed, 0),
        *(exact(values), len(values), exact(below), len(below)),
        min(each[2] for each in found.values()),
    )


def exact(values: list[Decimal]) -> Fraction | None:
    return sum(map(Fraction, values), Fraction(0)) if values else None


def total(tenant: Tenant, day: date) -> tuple[Any, ...] | None:
    columns = (
        *("rows", "confirmed", "carried", "unknown"),
        *("available", "available_reported"),
        *("available_negative", "available_negative_count", "oldest_at"),
    )
    rows = ClosingTotal.objects.for_tenant(tenant).filter(business_date=day)
    return rows.values_list(*columns).first()


# Every example writes dozens of readings: shrinking one would take minutes.
@pytest.mark.django_db
@settings(phases=(Phase.explicit, Phase.generate))
@example(world=("Africa/Cairo", date(2026, 4, 22)), events={1440: {"m-1": None}}, is_late=False)
@given(world=st.sampled_from(WORLDS), events=events, is_late=st.booleans())
def test_closings_are_what_a_replay_of_all_readings_says(
    world: tuple[str, date], events: dict[int, Rows | None], is_late: bool
) -> None:
    with transaction.atomic():
        name, first = world
        zone = ZoneInfo(name)
        tenant = make_tenant(time_zone=name)
        credential = make_credential(tenant, stale_after=int(STALE.total_seconds()))
        start = cutoff(first - timedelta(days=1), zone=zone)
        ends = {day: cutoff(day, zone=zone) for day in days(first, first + timedelta(days=2))}
        replay, wanted = Replay(), {}
        if is_late:
            # Later on, nobody knows any more that a balance was missing for a while.
            events = {
                at: None if rows is None else dict.fromkeys(REFS, Decimal(at))
                for at, rows in events.items()
            }
        steps = [(start + timedelta(minutes=at), rows) for at, rows in sorted(events.items())]
        for day, end in ends.items():
            while steps and steps[0][0] <= end + SETTLE:
                at, rows = steps.pop(0)
                record(credential, replay, at=at, rows=rows)
            if not is_late:
                make(tenant, now=end + SETTLE)
                wanted[day] = replay.closings(end)
        if is_late:
            make(tenant, now=end + SETTLE)
            wanted = {day: replay.closings(end) for day, end in ends.items()}

        for day in ends:
            assert made(tenant, day) == wanted[day]
            assert total(tenant, day) == (expected_total(wanted[day]) if wanted[day] else None)
        transaction.set_rollback(True)


# --- What stands in a closing ---------------------------------------------------------------------
CUT = datetime(2026, 11, 19, 22, tzinfo=UTC)
TODAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY = date(2026, 11, 19)
HOUR = timedelta(hours=1)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme)


def observe(
    credential: Credential, available: str | None, *, at: datetime, until: datetime, **values: Any
) -> Balance:
    """Save a balance seen first at one time and last at another."""
    scope = make_scope(credential, read_at=until)
    balance = make_balance(credential, available=available, scope=scope, **values)
    run = open_run(credential)
    Coverage.unscoped.create(tenant=credential.tenant, scope=scope, started_at=at, ended_at=until)
    Observation.unscoped.create(
        tenant=credential.tenant,
        balance=balance,
        run=run,
        available=balance.available,
        pending=balance.pending,
        as_of=at,
        as_of_source=AsOfSource.RESPONSE_DATE,
        fetched_at=at,
    )
    return balance


def test_totals_never_span_currency_holder_or_counting(acme: Tenant, payiano: Credential) -> None:
    seen: dict[str, Any] = {"at": CUT - HOUR, "until": CUT}
    groups: tuple[dict[str, Any], ...] = (
        {"currency": "USD", "holder": "OWN"},
        {"currency": "USD", "holder": "CUSTOMERS"},
        {"currency": "USD", "holder": "OWN", "counting": "TEST"},
        {"currency": "EUR", "holder": "OWN"},
    )
    for values in groups:
        observe(payiano, "1", **values, **seen)
    tiny = "0.000000000000000001"
    observe(payiano, tiny, currency="USD", holder="OWN", pending="5", **seen)

    make(acme, now=TODAY)

    totals = ClosingTotal.objects.for_tenant(acme)
    assert set(
        totals.values_list("currency", "holder", "counting", "rows", "available", "pending")
    ) == {
        ("USD", "OWN", "LIVE", 2, Decimal("1.000000000000000001"), Decimal(5)),
        ("USD", "CUSTOMERS", "LIVE", 1, Decimal(1), None),
        ("USD", "OWN", "TEST", 1, Decimal(1), None),
        ("EUR", "OWN", "LIVE", 1, Decimal(1), None),
    }


def test_a_sum_may_pass_what_one_balance_can_hold(acme: Tenant, payiano: Credential) -> None:
    most = "99999999999999999999.999999999999999999"
    for _ in range(3):
        observe(payiano, most, at=CUT - HOUR, until=CUT)

    make(acme, now=TODAY)

    (total,) = ClosingTotal.objects.for_tenant(acme)
    assert total.available == Decimal("299999999999999999999.999999999999999997")


def test_expected_balances_never_read_are_unknown_not_zero(
    acme: Tenant, payiano: Credential
) -> None:
    observe(payiano, "10", at=CUT - HOUR, until=CUT)
    unread = make_balance(payiano, "USD", None, scope=make_scope(payiano, read_at=None))
    Account.unscoped.filter(pk=unread.account_id).update(created_at=CUT - HOUR)
    later = make_balance(payiano, "EUR", None, scope=make_scope(payiano, read_at=None))
    Account.unscoped.filter(pk=later.account_id).update(created_at=CUT + HOUR)

    make(acme, now=TODAY)

    (total,) = ClosingTotal.objects.for_tenant(acme)
    assert (total.rows, total.confirmed, total.carried, total.unknown) == (2, 1, 0, 1)
    assert (total.available, total.available_reported) == (Decimal(10), 1)
    assert not Closing.objects.for_tenant(acme).filter(balance=unread).exists()


def test_what_a_scope_read_by_then_did_not_name_did_not_exist(
    acme: Tenant, payiano: Credential
) -> None:
    known = observe(payiano, "10", at=CUT - HOUR, until=TODAY)
    Account.unscoped.filter(pk=known.account_id).update(created_at=CUT - HOUR)
    make_balance(payiano, "USDC", "5", account=known.account, scope=known.scope)

    make(acme, now=TODAY)

    totals = ClosingTotal.objects.for_tenant(acme)
    assert list(totals.values_list("currency", "unknown")) == [("USD", 0)]


def test_what_stopped_being_read_is_carried_forward_with_its_age(
    acme: Tenant, payiano: Credential
) -> None:
    stopped = CUT - timedelta(days=3)
    observe(payiano, "10", at=stopped - HOUR, until=stopped)

    closed = make(acme, now=TODAY)

    assert closed == [DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    closing = Closing.objects.for_tenant(acme).get(business_date=DAY)
    assert (closing.confirmed_at, closing.is_confirmed) == (stopped, False)
    (total,) = ClosingTotal.objects.for_tenant(acme).filter(business_date=DAY)
    assert (total.confirmed, total.carried, total.oldest_at) == (0, 1, stopped)


def test_closed_accounts_are_out_from_their_day_on(acme: Tenant, payiano: Credential) -> None:
    balance = observe(payiano, "10", at=CUT - timedelta(days=2), until=CUT)
    Account.unscoped.filter(pk=balance.account_id).update(closed_at=TODAY, closed_from=DAY)

    make(acme, now=TODAY)

    rows = Closing.objects.for_tenant(acme).values_list("business_date", flat=True)
    assert max(rows) == DAY - timedelta(days=1)


def test_a_closing_keeps_the_holder_it_was_made_with(acme: Tenant, payiano: Credential) -> None:
    balance = observe(payiano, "10", at=CUT - HOUR, until=TODAY)
    make(acme, now=TODAY)

    Balance.unscoped.filter(pk=balance.pk).update(holder="CUSTOMERS")
    make(acme, now=TODAY + timedelta(days=1))

    kept = Closing.objects.for_tenant(acme).order_by("business_date")
    assert list(kept.values_list("holder", flat=True)) == ["OWN", "CUSTOMERS"]


def test_today_is_never_closed(acme: Tenant, payiano: Credential) -> None:
    observe(payiano, "10", at=TODAY - HOUR, until=TODAY)

    assert due(now=TODAY) == []
    assert make(acme, now=TODAY) == []


# --- Once -----------------------------------------------------------------------------------------
def everything(tenant: Tenant) -> list[list[tuple[Any, ...]]]:
    return [
        list(model.objects.for_tenant(tenant).order_by("pk").values_list())
        for model in (ClosingDay, Closing, ClosingTotal)
    ]


def test_making_twice_changes_nothing(acme: Tenant, payiano: Credential) -> None:
    observe(payiano, "10", at=CUT - timedelta(hours=25), until=CUT)
    assert due(now=TODAY) == [acme.pk]
    assert len(make(acme, now=TODAY)) == 2
    before = everything(acme)

    assert due(now=TODAY) == []
    assert make(acme, now=TODAY) == []
    assert not close(Day(tenant=acme, date=DAY, cutoff=CUT), now=TODAY)
    assert everything(acme) == before


def test_what_is_learned_later_leaves_the_first_closing(acme: Tenant, payiano: Credential) -> None:
    keep(payiano, row("m-1", "10"), at=CUT - HOUR)
    make(acme, now=TODAY)
    before = everything(acme)

    keep(payiano, row("m-1", "20"), at=CUT - HOUR / 2)
    make(acme, now=TODAY)

    assert everything(acme) == before


def test_closings_cannot_be_changed(acme: Tenant, payiano: Credential) -> None:
    observe(payiano, "10", at=CUT - HOUR, until=CUT)
    make(acme, now=TODAY)

    for model in (ClosingDay, Closing, ClosingTotal):
        rows = model.objects.for_tenant(acme)
        with pytest.raises(AppendOnlyError):
            rows.update(business_date=DAY)
        with pytest.raises(AppendOnlyError):
            rows.delete()


def test_another_tenants_balances_stay_out(
    acme: Tenant, globex: Tenant, payiano: Credential
) -> None:
    observe(payiano, "10", at=CUT - HOUR, until=CUT)
    observe(make_credential(globex), "99", at=CUT - HOUR, until=CUT)

    make(acme, now=TODAY)

    assert list(Closing.unscoped.values_list("tenant", "available")) == [(acme.pk, Decimal(10))]
    assert due(now=TODAY) == [globex.pk]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one() -> None:
    tenant = make_tenant()
    credential = make_credential(tenant)
    observe(credential, "10", at=CUT - timedelta(days=5, hours=1), until=CUT)

    def one(_: int) -> int:
        try:
            return len(make(Tenant.objects.get(pk=tenant.pk), now=TODAY))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made_by = list(pool.map(one, range(4)))

    assert sum(made_by) == 6
    assert Closing.objects.for_tenant(tenant).count() == 6
    assert ClosingTotal.objects.for_tenant(tenant).count() == 6


# --- By workers and by command --------------------------------------------------------------------
def test_tick_wakes_a_worker_for_what_is_due(
    acme: Tenant, payiano: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe(payiano, "10", at=CUT - timedelta(days=15, hours=1), until=CUT)
    monkeypatch.setattr("providers.schedule.database_now", lambda: TODAY)
    sent: list[dict[str, int]] = []

    def at_once(messages: list[tuple[Any, dict[str, int]]]) -> None:
        for task, kwargs in messages:
            sent.append(kwargs)
            task(**kwargs)

    monkeypatch.setattr(tasks, "_send", at_once)
    for _ in range(5):
        tasks.make_closings()

    assert sent == [{"tenant_id": acme.pk}] * 4
    assert ClosingDay.objects.for_tenant(acme).count() == 16


def test_command_closes_all_that_is_due(
    acme: Tenant, payiano: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe(payiano, "10", at=CUT - timedelta(days=1, hours=1), until=CUT)
    monkeypatch.setattr("balances.management.commands.make_closings.database_now", lambda: TODAY)
    out = StringIO()

    call_command("make_closings", "--tenant", "acme", stdout=out)
    call_command("make_closings", stdout=out)

    assert out.getvalue().splitlines() == [
        "acme: 2 days closed, 2026-11-18 to 2026-11-19",
        "acme: nothing to do",
    ]
    with pytest.raises(CommandError, match="no tenant"):
        call_command("make_closings", "--tenant", "nobody")
