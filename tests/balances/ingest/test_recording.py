"""One reading: what it writes, what it leaves alone, and who may write at all."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from balances import ingest
from balances.ingest import Recorded
from balances.ingest.fence import locked
from balances.models import Account, Balance, Coverage, Observation
from providers import schedule
from providers.errors import ServerError
from providers.models import Credential, Outcome, RunScope, Scope
from providers.rows import AccountKind, AsOfSource, Flag
from providers.schedule import LeaseLost
from providers.tenancy.models import ActivityEntry, Tenant
from tests.balances.builders import make_credential
from tests.balances.readings import (
    MINUTE,
    T0,
    balance,
    failed,
    keep,
    listing,
    many,
    open_run,
    reading,
    row,
)


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    return make_credential(acme)


def written(act: Callable[[], object]) -> list[str]:
    """Name the tables a call writes to, one entry a statement."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    verbs = ("INSERT INTO", "UPDATE", "DELETE FROM")
    statements = (query["sql"].replace('"', "") for query in captured)
    return sorted(
        sql.replace("DELETE FROM", "DELETE").replace("INSERT INTO", "INSERT").split()[1]
        for sql in statements
        if sql.startswith(verbs)
    )


def test_first_reading_makes_account_balance_observation_and_coverage(
    credential: Credential,
) -> None:
    recorded = keep(credential, row("m-1", "12.345", pending="1", account_name="Main"))

    held = balance()
    observation = Observation.unscoped.get()
    assert (held.available, held.pending, held.ledger) == (Decimal("12.345"), Decimal(1), None)
    assert held.account.name == "Main"
    assert held.holder == held.account.holder == "OWN"
    assert held.as_of is None
    assert held.changed_at == T0
    assert (observation.available, observation.as_of) == (Decimal("12.345"), T0)
    assert held.scope.as_of == held.scope.read_at == T0
    assert Coverage.unscoped.get().started_at == T0
    assert (recorded.outcome, recorded.rows_read, recorded.rows_changed) == (Outcome.READ, 1, 1)


def test_unchanged_scope_writes_one_scope_row_and_one_coverage_row(
    credential: Credential,
) -> None:
    keep(credential, *many(30))
    run = open_run(credential)

    tables = written(lambda: ingest.record(run, reading=reading(*many(30), at=T0 + MINUTE)))

    assert tables == ["balances_coverage", "providers_scope"]
    assert not RunScope.unscoped.filter(run=run).exists()
    assert balance("m-000").scope.read_at == T0 + MINUTE


def test_number_of_statements_does_not_grow_with_the_rows(credential: Credential) -> None:
    other = make_credential(credential.tenant, provider="payman")
    for each, size in ((credential, 5), (other, 40)):
        keep(each, *many(size, "1.00"))
    counts = []

    for each, size in ((credential, 5), (other, 40)):
        run = open_run(each)
        with CaptureQueriesContext(connection) as captured:
            ingest.record(run, reading=reading(*many(size, "2.00"), at=T0 + MINUTE))
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_only_changed_rows_are_written_and_observed(credential: Credential) -> None:
    keep(credential, *many(10))
    before = balance("m-001").changed_at
    changed = [row("m-000", "99.00"), *many(10)[1:]]

    recorded = keep(credential, *changed, at=T0 + MINUTE)

    assert recorded.rows_changed == 1
    assert Observation.unscoped.filter(fetched_at=T0 + MINUTE).count() == 1
    assert balance("m-000").available == Decimal("99.00")
    assert balance("m-000").changed_at == T0 + MINUTE
    assert balance("m-001").changed_at == before


def test_new_name_changes_the_account_and_makes_no_observation(credential: Credential) -> None:
    keep(credential, row(account_name="Old"))
    public_id = balance().account.public_id

    keep(credential, row(account_name="New Name"), at=T0 + MINUTE)

    account = Account.unscoped.get()
    assert (account.name, account.public_id) == ("New Name", public_id)
    assert "new name" in account.search
    assert Observation.unscoped.count() == 1


def test_none_is_kept_apart_from_zero(credential: Credential) -> None:
    keep(credential, row("m-1", None), row("m-2", "0"))

    recorded = keep(credential, row("m-1", "0"), row("m-2", "0"), at=T0 + MINUTE)

    assert recorded.rows_changed == 1
    assert balance("m-1").available == Decimal(0)


def test_failed_scope_changes_nothing_but_its_error(credential: Credential) -> None:
    keep(credential, row())
    kept = list(Balance.unscoped.values())
    run = open_run(credential)

    tables = written(lambda: ingest.record(run, reading=failed(ServerError("503"), at=T0 + MINUTE)))

    scope = Scope.unscoped.get()
    assert list(Balance.unscoped.values()) == kept
    assert (scope.error_code, scope.failing_since) == ("server_error", T0 + MINUTE)
    assert scope.read_at == scope.as_of == T0
    assert tables == ["providers_runscope", "providers_scope"]
    assert Coverage.unscoped.get().ended_at == T0


def test_good_reading_clears_the_error(credential: Credential) -> None:
    ingest.record(open_run(credential), reading=failed(ServerError("503")))

    keep(credential, row(), at=T0 + MINUTE)

    scope = Scope.unscoped.get()
    assert (scope.error_code, scope.error_detail, scope.failing_since) == ("", "", None)


# --- Whose commit counts --------------------------------------------------------------------------
def refuses(run: object, credential: Credential) -> bool:
    before = list(Balance.unscoped.values())
    with pytest.raises(LeaseLost):
        ingest.record(run, reading=reading(row("m-1", "999.00"), at=T0 + MINUTE))  # type: ignore[arg-type]  # a run
    return list(Balance.unscoped.values()) == before and Coverage.unscoped.count() == 1


def test_commit_under_an_older_fence_is_refused(credential: Credential) -> None:
    run = open_run(credential)
    keep(credential, row())

    assert refuses(run, credential)


def test_commit_after_the_lease_ran_out_is_refused(credential: Credential) -> None:
    keep(credential, row())
    run = open_run(credential)
    past = schedule.database_now() - timedelta(seconds=1)
    Credential.unscoped.filter(pk=credential.pk).update(lease_until=past)

    assert refuses(run, credential)


@pytest.mark.parametrize("ended", ["paused_at", "retired_at"])
def test_commit_of_a_credential_stopped_meanwhile_is_refused(
    credential: Credential, ended: str
) -> None:
    keep(credential, row())
    run = open_run(credential)
    Credential.unscoped.filter(pk=credential.pk).update(**{ended: T0})

    assert refuses(run, credential)


@pytest.mark.postgresql
def test_process_frozen_while_it_holds_a_lock_loses_it_within_a_minute(
    credential: Credential,
) -> None:
    run = open_run(credential)

    with transaction.atomic(), connection.cursor() as cursor:
        locked(run)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)


# --- As-of never goes back ------------------------------------------------------------------------
def test_older_reply_does_not_replace_newer_balance(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00"), at=T0 + MINUTE)

    recorded = keep(credential, row("m-1", "5.00"), at=T0)

    assert recorded.rows_changed == 0
    assert balance().available == Decimal("10.00")
    assert balance().scope.as_of == T0 + MINUTE


def test_older_provider_time_does_not_replace_a_newer_one(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00", as_of=T0))

    keep(credential, row("m-1", "5.00", as_of=T0 - MINUTE), at=T0 + MINUTE)

    assert balance().available == Decimal("10.00")
    assert balance().as_of == T0
    assert balance().scope.read_at == T0 + MINUTE


def older(credential: Credential, *, minutes: int) -> Recorded:
    """Record an answer of the provider that is older than the one we hold."""
    return keep(
        credential, row("m-1", "5.00", as_of=T0 - MINUTE), row("m-2"), at=T0 + minutes * MINUTE
    )


def test_row_older_than_ours_has_a_line_and_marks_its_balance(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00", as_of=T0), row("m-2"))

    recorded = older(credential, minutes=1)

    said = "1 row older than what we hold"
    assert (recorded.outcome, recorded.detail) == (Outcome.READ, said)
    line = RunScope.unscoped.latest("pk")
    assert (line.outcome, line.error_detail, line.rows_changed) == (Outcome.READ, said, 0)
    assert balance("m-1").flags == [Flag.OLDER_ANSWER]
    assert balance("m-2").flags == []


def test_older_row_is_marked_once_and_cleared_by_a_newer_one(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00", as_of=T0), row("m-2"))
    older(credential, minutes=1)

    assert "balances_balance" not in written(lambda: older(credential, minutes=2))
    keep(credential, row("m-1", "10.00", as_of=T0), row("m-2"), at=T0 + 3 * MINUTE)

    assert balance("m-1").flags == []
    assert Observation.unscoped.count() == 2


def test_older_row_with_the_same_figures_has_a_line_and_no_mark(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00", as_of=T0), row("m-2"))
    older(credential, minutes=1)

    agreed = keep(
        credential, row("m-1", "10.00", as_of=T0 - MINUTE), row("m-2"), at=T0 + 2 * MINUTE
    )

    assert agreed.detail == "1 row older than what we hold"
    assert balance("m-1").flags == []


def test_late_reading_has_a_line_that_counts_its_rows(credential: Credential) -> None:
    keep(credential, row("m-1"), row("m-2"), at=T0 + MINUTE)

    recorded = keep(credential, row("m-1", "5.00"), row("m-2", "5.00"), at=T0)

    assert recorded.detail == "2 rows older than what we hold"
    assert RunScope.unscoped.latest("pk").error_detail == recorded.detail


def test_server_clock_behind_the_last_one_does_not_move_as_of_back(
    credential: Credential,
) -> None:
    keep(credential, row("m-1", "10.00"), at=T0 + MINUTE)
    late = reading(
        row("m-1", "11.00"),
        at=T0 + 2 * MINUTE,
        as_of=T0,
    )

    ingest.record(open_run(credential), reading=late)

    assert balance().available == Decimal("11.00")
    assert balance().scope.as_of == T0 + MINUTE
    assert list(Observation.unscoped.order_by("pk").values_list("as_of", flat=True)) == [
        T0 + MINUTE,
        T0 + MINUTE,
    ]


def test_provider_that_begins_to_tell_an_older_time_keeps_ours(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00"), at=T0)

    for minutes in (1, 2):
        told = row("m-1", "11.00", as_of=T0 - MINUTE)
        keep(credential, told, at=T0 + minutes * MINUTE)

    assert balance().available == Decimal("11.00")
    assert balance().as_of == T0
    assert Observation.unscoped.count() == 2


def test_newer_provider_time_alone_moves_as_of_without_an_observation(
    credential: Credential,
) -> None:
    keep(credential, row(as_of=T0 - MINUTE))

    keep(credential, row(as_of=T0), at=T0 + MINUTE)

    assert (balance().as_of, balance().as_of_source) == (T0, AsOfSource.PROVIDER)
    assert Observation.unscoped.count() == 1


# --- Missing --------------------------------------------------------------------------------------
def test_missing_row_keeps_its_figures_and_freezes_its_times(credential: Credential) -> None:
    keep(credential, row("m-1"), row("m-2"))

    keep(credential, row("m-1"), at=T0 + MINUTE)

    gone = balance("m-2")
    assert gone.available == Decimal("10.00")
    assert (gone.missing_since, gone.missing_readings) == (T0 + MINUTE, 1)
    assert (gone.as_of, gone.as_of_source) == (T0, AsOfSource.RESPONSE_DATE)
    assert gone.fetched_at == T0
    assert balance("m-1").missing_since is None


def test_missing_readings_are_counted_to_three_and_then_nothing_is_written(
    credential: Credential,
) -> None:
    keep(credential, row("m-1"), row("m-2"))
    for minutes in (1, 2, 3):
        keep(credential, row("m-1"), at=T0 + minutes * MINUTE)
    run = open_run(credential)

    tables = written(lambda: ingest.record(run, reading=reading(row("m-1"), at=T0 + 4 * MINUTE)))

    gone = balance("m-2")
    assert (gone.missing_readings, gone.missing_since) == (3, T0 + MINUTE)
    assert gone.fetched_at == gone.as_of == T0
    assert "balances_balance" not in tables


def test_failed_scope_marks_nothing_missing(credential: Credential) -> None:
    keep(credential, row())

    ingest.record(open_run(credential), reading=failed(ServerError("503"), at=T0 + MINUTE))

    assert balance().missing_since is None


def test_reappearing_row_is_whole_again(credential: Credential) -> None:
    keep(credential, row("m-1"), row("m-2"))
    keep(credential, row("m-1"), at=T0 + MINUTE)

    keep(credential, row("m-1"), row("m-2"), at=T0 + 2 * MINUTE)

    back = balance("m-2")
    assert (back.missing_since, back.missing_readings) == (None, 0)
    assert (back.as_of, back.fetched_at) == (None, None)


def test_balance_that_moved_to_another_scope_is_the_same_balance(credential: Credential) -> None:
    keep(credential, row("w-1"), ref="customer:1")

    keep(credential, row("w-1", "11.00"), ref="customer:2", at=T0 + MINUTE)
    keep(credential, ref="customer:1", at=T0 + 2 * MINUTE)

    assert Balance.unscoped.count() == 1
    assert balance("w-1").scope.ref == "customer:2"
    assert balance("w-1").missing_since is None


def test_account_in_two_currencies_and_scopes_is_one_account(credential: Credential) -> None:
    kind = AccountKind.CUSTOMER
    keep(credential, row("c-1", currency="USD", account_kind=kind), ref="customer:c-1:USD")

    keep(credential, row("c-1", currency="EUR", account_kind=kind), ref="customer:c-1:EUR")

    assert Account.unscoped.get().holder == "CUSTOMERS"
    assert Balance.unscoped.count() == 2


# --- Coverage -------------------------------------------------------------------------------------
def intervals() -> list[tuple[float, float, int]]:
    rows = Coverage.unscoped.order_by("started_at")
    return [((c.started_at - T0) / MINUTE, (c.ended_at - T0) / MINUTE, c.readings) for c in rows]


def test_readings_in_time_extend_one_interval(credential: Credential) -> None:
    for minutes in (0, 5, 10):
        keep(credential, row(), at=T0 + minutes * MINUTE)

    assert intervals() == [(0, 10, 3)]


def test_reading_after_stale_after_opens_a_new_interval(credential: Credential) -> None:
    for minutes in (0, 15, 31):
        keep(credential, row(), at=T0 + minutes * MINUTE)

    assert intervals() == [(0, 15, 2), (31, 31, 1)]


def test_failure_between_opens_a_new_interval(credential: Credential) -> None:
    keep(credential, row())
    ingest.record(open_run(credential), reading=failed(ServerError("503"), at=T0 + MINUTE))

    keep(credential, row(), at=T0 + 2 * MINUTE)

    assert intervals() == [(0, 0, 1), (2, 2, 1)]


def test_rejected_credential_between_opens_a_new_interval(credential: Credential) -> None:
    keep(credential, row())
    Credential.unscoped.update(failing_since=T0, error_code="credential_rejected")

    keep(credential, row(), at=T0 + 2 * MINUTE)

    assert len(intervals()) == 2


# --- Listings -------------------------------------------------------------------------------------
def test_listing_makes_the_scopes_it_names(credential: Credential) -> None:
    found = listing("customer:1", "customer:2")

    recorded = ingest.record(open_run(credential), reading=found)

    named = dict(Scope.unscoped.values_list("ref", "kind"))
    assert named == {"customers": "LISTING", "customer:1": "BALANCES", "customer:2": "BALANCES"}
    assert recorded.found == 3
    assert Scope.unscoped.get(ref="customer:1").read_at is None


def test_customer_that_left_the_list_stays_known(credential: Credential) -> None:
    ingest.record(open_run(credential), reading=listing("customer:1", "customer:2"))

    ingest.record(open_run(credential), reading=listing("customer:1", at=T0 + MINUTE))

    assert Scope.unscoped.filter(ref="customer:2", closed_at=None).exists()


def test_listed_customer_takes_its_new_name_and_is_watched_again(credential: Credential) -> None:
    ingest.record(open_run(credential), reading=listing("customer:1", "customer:2"))
    Scope.unscoped.filter(ref="customer:1").update(closed_at=T0)
    Scope.unscoped.filter(ref="customer:2").update(name="Old")

    ingest.record(open_run(credential), reading=listing("customer:1", "customer:2", at=T0 + MINUTE))

    assert Scope.unscoped.get(ref="customer:1").closed_at is None
    assert Scope.unscoped.get(ref="customer:2").name == "Customer:2"


def test_held_references_are_those_ever_read(credential: Credential) -> None:
    keep(credential, row("m-1"), row("m-2"))
    keep(credential, row("m-1"), at=T0 + MINUTE)

    assert ingest.held_refs(credential) == {"m-1", "m-2"}
    assert ingest.stored_refs(credential) == {"account": frozenset({"m-1"})}


# --- Closed ---------------------------------------------------------------------------------------
def close(ref: str) -> None:
    Account.unscoped.filter(external_ref=ref).update(closed_at=T0, closed_from=T0.date())


def test_closed_account_that_is_reported_unchanged_stays_closed(credential: Credential) -> None:
    keep(credential, row())
    close("m-1")

    keep(credential, row(), at=T0 + MINUTE)

    assert balance().account.closed_at == T0


def test_closed_account_that_is_only_renamed_stays_closed(credential: Credential) -> None:
    keep(credential, row())
    close("m-1")

    keep(credential, row(account_name="New name"), at=T0 + MINUTE)

    assert balance().account.closed_at == T0


@pytest.mark.parametrize("was_missing", [True, False], ids=["back", "moved"])
def test_closed_account_that_is_back_or_moves_is_reopened_with_a_notice(
    credential: Credential, was_missing: bool
) -> None:
    keep(credential, row("m-1"), row("m-2"))
    if was_missing:
        keep(credential, row("m-2"), at=T0 + MINUTE)
    close("m-1")

    now = row("m-1", "10.00" if was_missing else "11.00")
    keep(credential, now, row("m-2"), at=T0 + 2 * MINUTE)

    account = balance("m-1").account
    assert (account.closed_at, account.closed_from) == (None, None)
    assert account.reopened_at is not None
    assert ActivityEntry.unscoped.get().action == "account.reopen"


def test_closed_account_with_money_in_a_new_currency_is_reopened_and_recounted(
    credential: Credential,
) -> None:
    newer = make_credential(credential.tenant)
    keep(credential, row("m-1"))
    close("m-1")
    keep(newer, row("m-1"))
    counted = dict(Balance.unscoped.values_list("account__credential", "counting"))

    keep(credential, row("m-1"), row("m-1", "5000.00", currency="EUR"), at=T0 + MINUTE)

    account = Account.unscoped.get(credential=credential)
    assert (account.closed_at, account.reopened_at is not None) == (None, True)
    assert ActivityEntry.unscoped.get().action == "account.reopen"
    assert counted == {credential.pk: "DUPLICATE", newer.pk: "LIVE"}
    found = Balance.unscoped.values_list("account__credential", "currency", "counting")
    assert set(found) == {
        (credential.pk, "USD", "LIVE"),
        (credential.pk, "EUR", "LIVE"),
        (newer.pk, "USD", "DUPLICATE"),
    }


def test_flags_and_scale_are_kept(credential: Credential) -> None:
    keep(credential, row("m-1", "-1.234", decimals=2, currency="ZZZ9"))

    assert balance(currency="ZZZ9").flags == sorted(
        [Flag.MORE_DECIMALS, Flag.NEGATIVE, Flag.UNKNOWN_CURRENCY]
    )
    assert balance(currency="ZZZ9").decimals == 2


def test_an_owner_the_reading_does_not_name_is_kept(credential: Credential) -> None:
    keep(credential, row("m-1", "1.00", owner_ref="app-1", owner_name="Acme Treasury"))

    keep(credential, row("m-1", "2.00"), at=T0 + MINUTE)

    account = Account.unscoped.get()
    assert (account.owner_ref, account.owner_name) == ("app-1", "Acme Treasury")
    assert balance().available == Decimal("2.00")


def test_the_scale_and_time_a_reading_does_not_tell_are_kept(credential: Credential) -> None:
    moved = T0 - 30 * MINUTE
    told = row("m-1", "1.000001", currency="EUR", as_of=moved, decimals=6)
    keep(credential, told, row("m-2", as_of=moved, decimals=6))

    again = keep(
        credential,
        row("m-1", "1.000001", currency="EUR"),
        row("m-2", "11.00"),
        at=T0 + MINUTE,
    )

    same, changed = balance("m-1", "EUR"), balance("m-2")
    assert again.rows_changed == 1
    assert (same.decimals, same.as_of, same.as_of_source) == (6, moved, AsOfSource.PROVIDER)
    assert same.flags == []
    # What has moved since is not as old as the provider's time: the answer's own date holds.
    assert (changed.decimals, changed.as_of) == (6, None)


def test_a_provider_time_in_the_future_is_ours_and_says_so(credential: Credential) -> None:
    future = row("m-1", "1.00", as_of=T0, flags=frozenset({Flag.FUTURE_TIME}))

    keep(credential, future)

    assert Observation.unscoped.get().as_of_source == AsOfSource.RECEIVED
    assert balance().as_of_source == AsOfSource.RECEIVED
