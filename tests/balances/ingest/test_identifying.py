"""Whose key it is: learned from the first reading that tells, and never changed by another."""

from decimal import Decimal

import pytest

from balances import ingest
from balances.ingest import Recorded
from balances.models import Balance
from providers.models import Credential, Outcome
from providers.rows import AccountKind, BalanceRow
from providers.tenancy.models import Tenant
from tests.balances.builders import make_credential
from tests.balances.readings import MINUTE, T0, balance, keep, open_run, reading, row

AGENT = row("agent", account_kind=AccountKind.AGENT)
CUSTOMER = row("cust_1", account_kind=AccountKind.CUSTOMER)


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payman", created_at=T0)


def told(
    credential: Credential, *rows: BalanceRow, identity: str, minutes: int = 0, ref: str = "account"
) -> Recorded:
    """Record a reading that tells whose key it was made with."""
    given = reading(
        *rows,
        at=T0 + minutes * MINUTE,
        ref=ref,
        identity_ref=identity,
        identity_name="Acme Treasury",
    )
    return ingest.record(open_run(credential), reading=given)


def identity(credential: Credential) -> tuple[str, str]:
    credential.refresh_from_db()
    return credential.identity_ref, credential.identity_name


def test_identity_a_reading_tells_is_learned(credential: Credential) -> None:
    told(credential, AGENT, identity="agt-1")

    assert identity(credential) == ("agt-1", "Acme Treasury")


def test_learned_identity_counts_all_that_was_read_before_it_once(credential: Credential) -> None:
    twin = make_credential(credential.tenant, provider="payman", created_at=T0 + MINUTE)
    for each in (credential, twin):
        keep(each, CUSTOMER, ref="customer")
    told(credential, AGENT, identity="agt-1")

    told(twin, AGENT, identity="agt-1")

    counting = Balance.unscoped.values_list("account__credential", "counting")
    assert sorted(counting) == [(credential.pk, "LIVE")] * 2 + [(twin.pk, "DUPLICATE")] * 2


def test_key_of_another_company_is_rejected_and_applies_nothing(credential: Credential) -> None:
    told(credential, AGENT, identity="agt-1")
    before = list(Balance.unscoped.values())

    recorded = told(
        credential, row("agent", "99", account_kind=AccountKind.AGENT), identity="agt-2", minutes=1
    )

    assert recorded.outcome == Outcome.FAILED
    assert recorded.error is not None
    assert recorded.error.code == "credential_rejected"
    assert "another company's key" in recorded.error.detail
    assert list(Balance.unscoped.values()) == before
    assert identity(credential)[0] == "agt-1"


def test_reading_that_does_not_tell_is_kept_and_changes_no_identity(credential: Credential) -> None:
    told(credential, AGENT, identity="agt-1")

    told(credential, row("agent", "99", account_kind=AccountKind.AGENT), identity="", minutes=1)

    assert balance("agent").available == Decimal(99)
    assert identity(credential) == ("agt-1", "Acme Treasury")


@pytest.mark.parametrize(("ref", "is_kept"), [("m-1", True), ("m-2", False)])
def test_known_references_prove_the_company_whatever_application_asks(
    acme: Tenant, ref: str, is_kept: bool
) -> None:
    payiano = make_credential(acme)
    told(payiano, row("m-1"), identity="app-1")

    recorded = told(payiano, row(ref, "99"), identity="app-2", minutes=1)

    assert (recorded.outcome == Outcome.READ) == is_kept
    assert identity(payiano)[0] == "app-1"
