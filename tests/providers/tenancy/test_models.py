"""Check how people, tenants and the log name themselves."""

from datetime import UTC, datetime

import pytest

from providers.tenancy import activity
from providers.tenancy.models import Membership, Tenant, User


def test_a_person_is_found_by_address_in_any_case(alice: User) -> None:
    assert User.objects.get_by_natural_key("ALICE@Acme.example") == alice


@pytest.mark.parametrize(("name", "shown"), [("Alice", "Alice"), ("", "alice@acme.example")])
def test_a_person_is_called_by_name_else_by_address(alice: User, name: str, shown: str) -> None:
    alice.name = name

    assert (str(alice), alice.get_full_name()) == (shown, shown)


def test_rows_say_what_they_are(acme: Tenant, alice: User) -> None:
    now = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
    entry = activity.record(acme, actor=alice, action="sign_in", now=now)

    assert str(entry) == "2026-11-20 09:45 alice@acme.example: sign_in"
    assert str(Membership.objects.for_tenant(acme).get()) == "Alice in Acme as ADMIN"
