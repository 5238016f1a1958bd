"""What people decide: carried out whole, logged once, refused where it would harm."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from balances import lifecycle
from balances.lifecycle import Refused
from balances.models import Account, Balance, Decision, HeldReading, Holder
from providers import schedule
from providers.models import Credential, Scope, Secret
from providers.rows import AccountKind
from providers.tenancy.models import ActivityEntry, Tenant, User
from tests.balances.builders import make_credential
from tests.balances.readings import MINUTE, T0, balance, keep, row

TODAY = T0.date()


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    return make_credential(acme, due_at=schedule.database_now())


@pytest.fixture
def account(credential: Credential) -> Account:
    keep(credential, row("m-1", "10.00"), row("m-2"))
    return balance("m-1").account


def logged() -> list[tuple[str, str]]:
    """List who did what."""
    found = ActivityEntry.unscoped.order_by("pk").values_list("actor_email", "action")
    return [(actor.partition("@")[0], action) for actor, action in found]


def said(alice: User, **more: Any) -> dict[str, Any]:
    return {"actor": alice, "reason": "agreed", "now": T0, **more}


# --- Closing --------------------------------------------------------------------------------------
def test_closed_account_keeps_its_figures_and_names_who_and_why(
    account: Account, alice: User
) -> None:
    lifecycle.close_account(account, closed_from=TODAY, **said(alice))

    closed = Account.unscoped.get(pk=account.pk)
    assert (closed.closed_at, closed.closed_from) == (T0, TODAY)
    assert (closed.closed_by, closed.closed_reason) == (alice, "agreed")
    assert balance("m-1").available == Decimal("10.00")
    assert logged() == [("alice", "account.close")]


def test_reopened_account_is_as_before(account: Account, alice: User) -> None:
    before = Account.unscoped.filter(pk=account.pk).values().get()
    lifecycle.close_account(account, closed_from=TODAY, **said(alice))

    lifecycle.reopen_account(account, **said(alice))

    assert Account.unscoped.filter(pk=account.pk).values().get() == before
    assert logged() == [("alice", "account.close"), ("alice", "account.reopen")]


def test_closing_what_counts_passes_the_count_on_and_reopening_takes_it_back(
    account: Account, credential: Credential, alice: User
) -> None:
    other = make_credential(credential.tenant)
    keep(other, row("m-1"))
    twin = Balance.unscoped.get(account__credential=other)

    lifecycle.close_account(account, closed_from=TODAY, **said(alice))
    twin.refresh_from_db()
    while_closed = twin.counting
    lifecycle.reopen_account(account, **said(alice))
    twin.refresh_from_db()

    assert (while_closed, twin.counting) == ("LIVE", "DUPLICATE")


# --- Holder, name, keep ---------------------------------------------------------------------------
def test_holder_a_person_set_is_on_every_balance_and_outlasts_syncs(
    account: Account, credential: Credential, alice: User
) -> None:
    lifecycle.set_holder(account, holder=Holder.CUSTOMERS, **said(alice))
    keep(credential, row("m-1", "11.00"), row("m-1", currency="EUR"), row("m-2"), at=T0 + MINUTE)

    assert set(Balance.unscoped.filter(account=account).values_list("holder", flat=True)) == {
        "CUSTOMERS"
    }
    assert balance("m-2").holder == "OWN"
    entry = ActivityEntry.unscoped.get()
    assert (entry.before, entry.after) == ({"holder": "OWN"}, {"holder": "CUSTOMERS"})


@pytest.mark.parametrize(
    ("ref", "kind", "holder"),
    [("agent", AccountKind.AGENT, Holder.CUSTOMERS), ("c-1", AccountKind.CUSTOMER, Holder.OWN)],
)
def test_agent_and_its_customers_never_share_a_holder(
    acme: Tenant, alice: User, ref: str, kind: AccountKind, holder: Holder
) -> None:
    payman = make_credential(acme, provider="payman")
    keep(payman, row(ref, account_kind=kind))

    with pytest.raises(Refused):
        lifecycle.set_holder(balance(ref).account, holder=holder, **said(alice))
    with pytest.raises(Refused, match="may contain its customers'"):
        lifecycle.set_credential_holder(payman, holder=holder, **said(alice))

    assert balance(ref).holder == balance(ref).account.holder != holder
    assert logged() == []


def test_credentials_holder_moves_all_but_those_a_person_set(
    account: Account, credential: Credential, alice: User
) -> None:
    lifecycle.set_holder(account, holder=Holder.OWN, **said(alice))

    lifecycle.set_credential_holder(credential, holder=Holder.CUSTOMERS, **said(alice))
    entry = ActivityEntry.unscoped.order_by("-pk")[0]
    assert entry.object_label == f"Payiano {credential.name}"

    assert (balance("m-1").holder, balance("m-2").holder) == ("OWN", "CUSTOMERS")


def test_display_name_is_searched_and_an_empty_one_takes_it_away(
    account: Account, alice: User
) -> None:
    for name in ("Main till", "", ""):
        lifecycle.rename_account(account, display_name=name, actor=alice, now=T0)
        renamed = Account.unscoped.get(pk=account.pk)
        assert renamed.label == (name or "m-1")
        assert ("main till" in renamed.search) == bool(name)
        assert renamed.label_folded == renamed.label.casefold()

    assert logged() == [("alice", "account.rename")] * 2


def test_kept_account_is_asked_about_no_more(account: Account, alice: User) -> None:
    lifecycle.keep_account(account, **said(alice))

    assert Account.unscoped.get(pk=account.pk).kept_at == T0
    assert logged() == [("alice", "account.keep")]


# --- Held -----------------------------------------------------------------------------------------
@pytest.fixture
def held(account: Account, credential: Credential) -> HeldReading:
    keep(credential, row("m-1", "1000.00"), row("m-2"), at=T0 + MINUTE)
    found: HeldReading = HeldReading.unscoped.select_related("scope__credential", "tenant").get()
    return found


@pytest.mark.parametrize(
    ("is_accepted", "available", "decision"),
    [(True, "1000.00", Decision.ACCEPTED), (False, "10.00", Decision.DISCARDED)],
)
def test_held_reading_is_decided_by_a_person_for_a_reason(
    held: HeldReading, alice: User, is_accepted: bool, available: str, decision: Decision
) -> None:
    lifecycle.decide_held(held, is_accepted=is_accepted, **said(alice))

    held.refresh_from_db()
    assert balance("m-1").available == Decimal(available)
    assert (held.decision, held.decided_by, held.decision_reason) == (decision, alice, "agreed")
    assert Scope.unscoped.get().held_at is None
    assert logged() == [("alice", "held.accept" if is_accepted else "held.discard")]


def test_held_reading_is_decided_once(held: HeldReading, alice: User) -> None:
    lifecycle.decide_held(held, is_accepted=False, **said(alice))

    with pytest.raises(Refused):
        lifecycle.decide_held(held, is_accepted=True, **said(alice))

    assert balance("m-1").available == Decimal("10.00")


# --- Refusals -------------------------------------------------------------------------------------
def closing(account: Account, alice: User) -> None:
    lifecycle.close_account(account, closed_from=TODAY, **said(alice, reason=" "))


def closing_ahead(account: Account, alice: User) -> None:
    lifecycle.close_account(account, closed_from=TODAY + timedelta(days=1), **said(alice))


def closing_before(account: Account, alice: User) -> None:
    lifecycle.close_account(account, closed_from=TODAY - timedelta(days=1), **said(alice))


def reopening(account: Account, alice: User) -> None:
    lifecycle.reopen_account(account, **said(alice))


def keeping(account: Account, alice: User) -> None:
    lifecycle.keep_account(account, **said(alice, reason=""))


def handing_over(account: Account, alice: User) -> None:
    lifecycle.set_holder(account, holder=Holder.CUSTOMERS, **said(alice, reason=""))


@pytest.mark.parametrize(
    "act", [closing, closing_ahead, closing_before, reopening, keeping, handing_over]
)
def test_refused_decision_changes_and_logs_nothing(
    account: Account, alice: User, act: Callable[[Account, User], None]
) -> None:
    Account.unscoped.update(created_at=T0)
    before = Account.unscoped.filter(pk=account.pk).values().get()

    with pytest.raises(Refused):
        act(account, alice)

    assert Account.unscoped.filter(pk=account.pk).values().get() == before
    assert logged() == []


def test_account_of_a_retired_credential_is_not_reopened(
    account: Account, credential: Credential, alice: User
) -> None:
    lifecycle.retire(credential, **said(alice))

    with pytest.raises(Refused):
        lifecycle.reopen_account(account, **said(alice))


def test_account_that_nobody_watches_is_not_reopened(account: Account, alice: User) -> None:
    Scope.unscoped.filter(balances__account=account).update(closed_at=T0)
    lifecycle.close_account(account, closed_from=TODAY, **said(alice))

    with pytest.raises(Refused, match="watches it no longer"):
        lifecycle.reopen_account(account, **said(alice))


# --- Credentials ----------------------------------------------------------------------------------
def test_pause_passes_the_count_on_and_resume_takes_it_back(
    account: Account, credential: Credential, alice: User
) -> None:
    other = make_credential(credential.tenant, due_at=T0)
    keep(other, row("m-1"))
    twin = Balance.unscoped.get(account__credential=other)

    lifecycle.pause(credential, **said(alice))
    twin.refresh_from_db()
    while_paused = twin.counting
    lifecycle.resume(credential, **said(alice))
    twin.refresh_from_db()

    credential.refresh_from_db()
    assert (while_paused, twin.counting) == ("LIVE", "DUPLICATE")
    assert (credential.paused_at, credential.due_at) == (None, T0)
    assert logged() == [("alice", "credential.pause"), ("alice", "credential.resume")]


def test_retired_credential_loses_its_secret_and_closes_its_accounts(
    account: Account, credential: Credential, alice: User
) -> None:
    Secret.unscoped.create(tenant=credential.tenant, credential=credential, field="x", sealed="y")

    lifecycle.retire(credential, **said(alice))

    assert not Secret.unscoped.exists()
    assert set(Account.unscoped.values_list("closed_from", "closed_reason")) == {(TODAY, "agreed")}
    assert not Scope.unscoped.filter(closed_at=None).exists()
    assert balance("m-1").available == Decimal("10.00")
    assert logged() == [("alice", "credential.retire")]
