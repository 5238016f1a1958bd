"""Whose money it is, in which part of a total it counts, and that none counts twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from balances import ingest, lifecycle, results
from balances.models import Account, Balance
from balances.query.tree import BalanceQuery
from providers.models import Credential
from providers.rows import AccountKind, ExpectedRow, ScopeKind, ScopeSeed
from providers.services import credentials
from providers.tenancy.models import Tenant
from tests.balances.builders import make_credential, make_scope
from tests.balances.readings import MINUTE, T0, keep, open_run, row
from tests.providers.entries import edit, save

LATER = T0 + timedelta(days=1)


def older_and_newer(tenant: Tenant, provider: str = "payiano") -> tuple[Credential, Credential]:
    return (
        make_credential(tenant, provider=provider, created_at=T0),
        make_credential(tenant, provider=provider, created_at=LATER),
    )


def counting(credential: Credential) -> list[str]:
    found = Balance.unscoped.filter(account__credential=credential)
    ordered = found.order_by("account__external_ref", "currency")
    return list(ordered.values_list("counting", flat=True))


def test_the_oldest_credential_counts_whichever_reads_first(acme: Tenant) -> None:
    old, new = older_and_newer(acme)

    keep(new, row("m-1"), row("m-2"))
    keep(old, row("m-1"))

    assert counting(old) == ["LIVE"]
    assert counting(new) == ["DUPLICATE", "LIVE"]
    assert Balance.unscoped.get(counting="DUPLICATE").counted_by == old


@pytest.mark.parametrize(
    "values",
    [{"provider": "swipelux"}, {"environment": "SANDBOX"}],
    ids=["provider", "environment"],
)
def test_another_provider_or_environment_is_another_account(
    acme: Tenant, values: dict[str, str]
) -> None:
    first, second = make_credential(acme), make_credential(acme, **values)

    keep(first, row("m-1"))
    keep(second, row("m-1"))

    assert not Balance.unscoped.filter(counting="DUPLICATE").exists()


def test_another_tenant_is_another_account(acme: Tenant, globex: Tenant) -> None:
    keep(make_credential(acme), row("m-1"))
    keep(make_credential(globex), row("m-1"))

    assert not Balance.unscoped.filter(counting="DUPLICATE").exists()


@pytest.mark.parametrize("kind", [AccountKind.AGENT, AccountKind.CUSTOMER])
@pytest.mark.parametrize(
    ("old_id", "new_id", "expected"),
    [("a", "a", "DUPLICATE"), ("a", "b", "LIVE"), ("", "", "LIVE"), ("a", "", "LIVE")],
)
def test_agents_and_customers_match_by_the_identity_behind_the_key(
    acme: Tenant, kind: AccountKind, old_id: str, new_id: str, expected: str
) -> None:
    old, new = older_and_newer(acme, "payman")
    Credential.unscoped.filter(pk=old.pk).update(identity_ref=old_id)
    Credential.unscoped.filter(pk=new.pk).update(identity_ref=new_id)

    keep(old, row("x", account_kind=kind))
    keep(new, row("x", account_kind=kind))

    assert counting(new) == [expected]


def test_identity_learned_later_is_matched_at_the_next_reading(acme: Tenant) -> None:
    old, new = older_and_newer(acme, "payman")
    agent = row("agent", account_kind=AccountKind.AGENT)
    keep(old, agent)
    keep(new, agent)
    Credential.unscoped.update(identity_ref="a-1")

    keep(new, agent, at=T0 + MINUTE)

    assert counting(new) == ["DUPLICATE"]


@pytest.mark.parametrize("stopped", ["paused_at", "retired_at"])
def test_recount_passes_to_the_next_credential_when_the_oldest_stops(
    acme: Tenant, stopped: str
) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1"))
    keep(new, row("m-1"))
    Credential.unscoped.filter(pk=old.pk).update(**{stopped: T0})

    ingest.recount(list(Credential.unscoped.all()))

    assert counting(new) == ["LIVE"]
    assert counting(old) == ["DUPLICATE"]


def test_a_currency_only_the_newer_credential_reads_counts_there(acme: Tenant) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1", currency="USD"))

    keep(new, row("m-1", currency="EUR"), row("m-1", currency="USD"))

    assert counting(new) == ["LIVE", "DUPLICATE"]


def test_a_balance_only_expected_through_the_older_counts_where_it_was_read(acme: Tenant) -> None:
    old, new = older_and_newer(acme, "payman")
    Credential.unscoped.update(identity_ref="a-1")
    watched(old)
    ingest.prepare(open_run(old), seeds=SEEDS)

    keep(new, row("agent", "5.00", account_kind=AccountKind.AGENT), ref="agent:USD")

    assert counting(new) == ["LIVE"]
    keep(old, row("agent", "5.00", account_kind=AccountKind.AGENT), ref="agent:USD")
    assert counting(new) == ["DUPLICATE"]


def test_a_changed_figure_leaves_a_duplicate_a_duplicate(acme: Tenant) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1", "1.00"))
    keep(new, row("m-1", "1.00"))

    keep(new, row("m-1", "2.00"), at=T0 + MINUTE)

    assert counting(new) == ["DUPLICATE"]


def test_a_closed_account_reported_again_is_not_counted_beside_its_twin(acme: Tenant) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1", "1.00"))
    keep(new, row("m-1", "1.00"))
    closed = Account.unscoped.get(credential=old)
    today = LATER.date()
    lifecycle.close_account(closed, closed_from=today, actor=None, reason="moved", now=LATER)
    assert counting(new) == ["LIVE"]

    keep(old, row("m-1", "2.00"), at=T0 + MINUTE)

    assert (counting(old), counting(new)) == (["LIVE"], ["DUPLICATE"])


def test_what_the_older_credential_watches_no_more_counts_through_the_newer(acme: Tenant) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1"))
    keep(new, row("m-1"))
    old.scopes.update(closed_at=LATER)

    ingest.recount_of(old)

    assert counting(new) == ["LIVE"]
    old.scopes.update(closed_at=None)
    ingest.prepare(open_run(old), seeds=())
    assert (counting(old), counting(new)) == (["LIVE"], ["DUPLICATE"])


def test_test_money_read_twice_counts_once(acme: Tenant) -> None:
    for created_at in (T0, LATER):
        sandbox = make_credential(acme, environment="SANDBOX", created_at=created_at)
        keep(sandbox, row("m-1"))

    assert sorted(Balance.unscoped.values_list("counting", flat=True)) == ["TEST", "TEST_DUPLICATE"]


def test_test_currency_read_twice_stays_test_money(acme: Tenant) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1", currency="TSD"))
    keep(new, row("m-1", currency="TSD"))

    keep(new, row("m-1", "11.00", currency="TSD"), at=T0 + MINUTE)

    assert (counting(old), counting(new)) == (["TEST"], ["TEST_DUPLICATE"])


def test_no_total_holds_live_and_test_money(acme: Tenant) -> None:
    for environment, amount in (("LIVE", "888.00"), ("SANDBOX", "777.00")):
        for created_at in (T0, LATER):
            credential = make_credential(acme, environment=environment, created_at=created_at)
            keep(credential, row("m-1", amount))

    totals = results.totals(BalanceQuery(), context=results.Context.load(acme, now=LATER))

    assert {total.counting: total.available.sum for total in totals} == {
        "LIVE": Decimal(888),
        "DUPLICATE": Decimal(888),
        "TEST": Decimal(777),
        "TEST_DUPLICATE": Decimal(777),
    }


def test_sandbox_and_test_currency_count_as_test(acme: Tenant) -> None:
    sandbox = make_credential(acme, environment="SANDBOX")
    live = make_credential(acme)

    keep(sandbox, row("m-1"))
    keep(live, row("m-2", currency="TSD"), row("m-2", currency="USD"))

    assert counting(sandbox) == ["TEST"]
    found = Balance.unscoped.filter(account__credential=live)
    assert set(found.values_list("currency", "counting")) == {("TSD", "TEST"), ("USD", "LIVE")}


def test_unverified_rows_count_apart(acme: Tenant) -> None:
    keep(make_credential(acme), row("m-1", verified=False))

    assert Balance.unscoped.get().counting == "UNVERIFIED"


def test_credentials_holder_is_taken_but_never_joins_agent_and_customers(acme: Tenant) -> None:
    swipelux = make_credential(acme, provider="swipelux", holder="OWN")
    payman = make_credential(acme, provider="payman", holder="OWN")

    keep(swipelux, row("w-1", account_kind=AccountKind.WALLET))
    keep(payman, row("agent", account_kind=AccountKind.AGENT))
    keep(payman, row("c-1", account_kind=AccountKind.CUSTOMER), ref="customer:c-1:USD")

    holders = dict(Account.unscoped.values_list("external_ref", "holder"))
    assert holders == {"w-1": "OWN", "agent": "OWN", "c-1": "CUSTOMERS"}


# --- Expected rows --------------------------------------------------------------------------------
def seed(ref: str, account_ref: str, currency: str) -> ScopeSeed:
    kind = AccountKind.AGENT if account_ref == "agent" else AccountKind.CUSTOMER
    expected = ExpectedRow(account_ref=account_ref, account_kind=kind, currency=currency)
    return ScopeSeed(ref=ref, kind=ScopeKind.BALANCES, expects=(expected,))


SEEDS = (
    seed("agent:USD", "agent", "USD"),
    seed("agent:EUR", "agent", "EUR"),
    seed("customer:c-1:USD", "c-1", "USD"),
)


def watched(credential: Credential) -> None:
    for each in SEEDS:
        make_scope(credential, ref=each.ref, read_at=None)


def test_expected_rows_stand_before_the_first_answer(acme: Tenant) -> None:
    credential = make_credential(acme, provider="payman")
    watched(credential)

    for _ in range(2):
        ingest.prepare(open_run(credential), seeds=SEEDS)

    found = Balance.unscoped.order_by("scope__ref")
    assert list(
        found.values_list("scope__ref", "account__external_ref", "currency", "available", "holder")
    ) == [
        ("agent:EUR", "agent", "EUR", None, "OWN"),
        ("agent:USD", "agent", "USD", None, "OWN"),
        ("customer:c-1:USD", "c-1", "USD", None, "CUSTOMERS"),
    ]
    assert not found.exclude(changed_at=None).exists()


def test_expected_row_is_filled_by_its_first_answer(acme: Tenant) -> None:
    credential = make_credential(acme, provider="payman")
    watched(credential)
    ingest.prepare(open_run(credential), seeds=SEEDS)

    recorded = keep(
        credential, row("agent", "5.00", account_kind=AccountKind.AGENT), ref="agent:USD"
    )

    assert recorded.rows_changed == 1
    assert Balance.unscoped.get(scope__ref="agent:USD").observations.count() == 1


def test_account_no_longer_watched_is_closed_and_reopened_when_watched_again(
    acme: Tenant,
) -> None:
    credential = make_credential(acme, provider="payman")
    watched(credential)
    ingest.prepare(open_run(credential), seeds=SEEDS)
    scopes = credential.scopes.filter(ref__startswith="customer")

    scopes.update(closed_at=T0)
    ingest.prepare(open_run(credential), seeds=SEEDS[:2])
    closed = Account.unscoped.exclude(closed_at=None)

    assert [(a.external_ref, a.closed_reason) for a in closed] == [("c-1", "No longer watched")]

    scopes.update(closed_at=None)
    ingest.prepare(open_run(credential), seeds=SEEDS)

    assert not Account.unscoped.exclude(closed_at=None).exists()


def test_renamed_credential_is_found_by_its_new_name(acme: Tenant) -> None:
    credential = make_credential(acme, name="Old name")
    keep(credential, row("m-1"))
    Credential.unscoped.update(name="Brand new")

    ingest.prepare(open_run(credential), seeds=())

    assert "brand new" in Account.unscoped.get().search


def test_what_is_saved_of_a_paused_credential_stands_at_once(acme: Tenant, simulator: Any) -> None:
    saved = credentials.pause(save(acme, simulator, "payman"), actor=None, now=LATER)
    watched = {**saved.settings, "currencies": [*saved.settings["currencies"], "KWD"]}

    credentials.change(edit(saved, name="Brand new", settings=watched), actor=None, now=LATER)

    added = Balance.unscoped.get(account__external_ref="agent", currency="KWD")
    shown = results.one(added.public_id, context=results.Context.load(acme, now=LATER))
    assert shown is not None
    assert (shown.state, shown.available) == ("never", None)
    assert not Account.unscoped.exclude(search__endswith="payman brand new").exists()


def test_of_closed_twins_one_counts_and_the_other_names_it(acme: Tenant) -> None:
    old, new = older_and_newer(acme)
    keep(old, row("m-1"))
    keep(new, row("m-1"))

    lifecycle.retire(old, actor=None, now=LATER)
    assert (counting(old), counting(new)) == (["DUPLICATE"], ["LIVE"])

    lifecycle.retire(new, actor=None, now=LATER)
    assert sorted([*counting(old), *counting(new)]) == ["DUPLICATE", "LIVE"]
