"""Check that the log says who did what, exactly, and can only grow."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from providers.tenancy import activity
from providers.tenancy.managers import AppendOnlyError
from providers.tenancy.models import ActivityEntry, Role, Tenant, User

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)


def entries(tenant: Tenant) -> list[ActivityEntry]:
    return list(ActivityEntry.objects.for_tenant(tenant).order_by("pk"))


def test_entry_names_actor_object_and_values(acme: Tenant, alice: User) -> None:
    activity.record(
        acme,
        actor=alice,
        action="account.close",
        obj=alice,
        before={"available": Decimal("12345678901234567890.100")},
        after={
            "from": date(2026, 11, 1),
            "at": NOW,
            "refs": frozenset({"b", "a"}),
            "order": ("b", "a"),
            "role": Role.ADMIN,
        },
        reason="merged",
        now=NOW,
    )

    (entry,) = entries(acme)
    assert (entry.at, entry.actor, entry.actor_email) == (NOW, alice, "alice@acme.example")
    assert (entry.action, entry.reason) == ("account.close", "merged")
    assert (entry.object_type, entry.object_ref) == ("user", alice.public_id)
    assert entry.object_label == "Alice"
    assert entry.before == {"available": "12345678901234567890.100"}
    assert entry.after == {
        "from": "2026-11-01",
        "at": "2026-11-20T09:45:00+00:00",
        "refs": ["a", "b"],
        "order": ["b", "a"],
        "role": "ADMIN",
    }


@pytest.mark.parametrize("actor", [None, AnonymousUser()])
def test_the_system_has_no_actor(acme: Tenant, actor: AnonymousUser | None) -> None:
    activity.record(acme, actor=actor, action="run.abandon", label="x" * 300)

    (entry,) = entries(acme)
    assert (entry.actor, entry.actor_email, entry.object_type) == (None, "", "")
    assert len(entry.object_label) == 200


@pytest.mark.parametrize("value", [object(), 1.5, b"sk.live"])
def test_what_is_not_plain_is_refused(acme: Tenant, value: object) -> None:
    with pytest.raises(TypeError):
        activity.record(acme, action="credential.edit", after={"secret": value})

    assert entries(acme) == []


@transaction.atomic
def pause_and_fail(tenant: Tenant) -> None:
    activity.record(tenant, action="credential.pause")
    raise RuntimeError


def test_entry_vanishes_with_the_change_it_records(acme: Tenant) -> None:
    with pytest.raises(RuntimeError):
        pause_and_fail(acme)

    assert entries(acme) == []


def test_entries_are_neither_changed_nor_deleted(acme: Tenant) -> None:
    entry = activity.record(acme, action="credential.pause")

    with pytest.raises(AppendOnlyError):
        entry.save()
    with pytest.raises(AppendOnlyError):
        entry.delete()
    with pytest.raises(AppendOnlyError):
        ActivityEntry.objects.for_tenant(acme).update(action="x")
    with pytest.raises(AppendOnlyError):
        ActivityEntry.unscoped.all().delete()
    with pytest.raises(AppendOnlyError):
        ActivityEntry.unscoped.bulk_update([entry], ["action"])
