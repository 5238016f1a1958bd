"""Check how tenants and people are made, and how roles are given and taken."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError

from providers.tenancy import people
from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant, User
from tests.conftest import PASSWORD, make_person


def log(tenant: Tenant) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    found = ActivityEntry.objects.for_tenant(tenant).order_by("pk")
    return [(entry.action, entry.before, entry.after) for entry in found]


@pytest.mark.django_db
def test_a_tenant_is_made_and_logged() -> None:
    tenant = people.create_tenant("acme-2", name="Acme", time_zone="Africa/Cairo")

    after = {"slug": "acme-2", "name": "Acme", "time_zone": "Africa/Cairo"}
    assert log(tenant) == [("tenant.create", {}, after)]


@pytest.mark.parametrize(
    ("slug", "name", "zone", "fault"),
    [
        ("account", "A", "UTC", "slug"),
        ("accounts", "A", "UTC", "slug"),
        ("api", "A", "UTC", "slug"),
        ("hooks", "A", "UTC", "slug"),
        ("health", "A", "UTC", "slug"),
        ("static", "A", "UTC", "slug"),
        ("admin", "A", "UTC", "slug"),
        ("Acme", "A", "UTC", "slug"),
        ("a_b", "A", "UTC", "slug"),
        ("-a", "A", "UTC", "slug"),
        ("a--b", "A", "UTC", "slug"),
        ("a\n", "A", "UTC", "slug"),
        ("", "A", "UTC", "slug"),
        ("a" * 51, "A", "UTC", "slug"),
        ("taken", "A", "UTC", "slug"),
        ("free", " ", "UTC", "name"),
        ("free", "A", "Mars/Base", "time_zone"),
    ],
)
@pytest.mark.django_db
def test_a_tenant_that_cannot_be_is_refused(slug: str, name: str, zone: str, fault: str) -> None:
    Tenant.objects.create(slug="taken", name="Taken")

    with pytest.raises(ValidationError) as refusal:
        people.create_tenant(slug, name=name, time_zone=zone)

    assert list(refusal.value.message_dict) == [fault]
    assert Tenant.objects.count() == 1


@pytest.mark.django_db
def test_a_person_can_sign_in_with_a_verified_address_in_lower_case() -> None:
    user = people.create_user(" Nadia@Acme.Example ", name="Nadia", password=PASSWORD)

    address = EmailAddress.objects.get(user=user)
    assert user.email == address.email == "nadia@acme.example"
    assert (address.verified, address.primary) == (True, True)
    assert user.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_person_without_a_password_matches_none() -> None:
    assert not people.create_user("nadia@acme.example").has_usable_password()


@pytest.mark.parametrize(
    ("email", "password", "fault"),
    [
        ("nobody", PASSWORD, "email"),
        ("ALICE@acme.example", PASSWORD, "email"),
        ("new@acme.example", "short", "password"),
        ("new@acme.example", "123456789012345", "password"),
        ("someperson@acme.example", "someperson@acme", "password"),
    ],
)
def test_a_person_that_cannot_be_is_refused(
    alice: User, email: str, password: str, fault: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        people.create_user(email, password=password)

    assert list(refusal.value.message_dict) == [fault]
    assert list(User.objects.all()) == [alice]


def test_a_role_is_given_changed_and_taken_with_its_log(acme: Tenant, alice: User) -> None:
    user = people.create_user("nadia@acme.example")
    membership = people.add_member(acme, user=user, role=Role.VIEWER, actor=alice)
    people.change_role(membership, role=Role.ANALYST, actor=alice, reason="promoted")
    people.change_role(membership, role=Role.ANALYST, actor=alice)
    people.deactivate(membership, actor=alice)
    people.deactivate(membership, actor=alice)
    people.change_role(membership, role=Role.ANALYST, actor=alice)

    assert log(acme) == [
        ("member.add", {}, {"role": "VIEWER"}),
        (
            "member.role",
            {"role": "VIEWER", "is_active": True},
            {"role": "ANALYST", "is_active": True},
        ),
        ("member.deactivate", {"role": "ANALYST", "is_active": True}, {"is_active": False}),
        (
            "member.role",
            {"role": "ANALYST", "is_active": False},
            {"role": "ANALYST", "is_active": True},
        ),
    ]
    entry = ActivityEntry.objects.for_tenant(acme).get(reason="promoted")
    assert (entry.actor, entry.object_ref) == (alice, user.public_id)


def test_a_tenant_keeps_an_admin(acme: Tenant, alice: User, bob: User) -> None:
    membership = Membership.objects.for_tenant(acme).get(user=alice)
    gone = make_person("Gone", acme, Role.ADMIN)
    gone.is_active = False
    gone.save()

    with pytest.raises(people.LastAdmin):
        people.change_role(membership, role=Role.VIEWER)
    with pytest.raises(people.LastAdmin):
        people.deactivate(membership)

    membership.refresh_from_db()
    assert (membership.role, membership.is_active, log(acme)) == ("ADMIN", True, [])


def test_one_of_two_admins_may_go(acme: Tenant, alice: User) -> None:
    make_person("Omar", acme, Role.ADMIN)
    people.deactivate(Membership.objects.for_tenant(acme).get(user=alice))

    assert [action for action, _, _ in log(acme)] == ["member.deactivate"]


def test_a_password_is_logged_in_every_tenant_but_never_shown(
    acme: Tenant, globex: Tenant, alice: User
) -> None:
    Membership.unscoped.create(tenant=globex, user=alice, role=Role.VIEWER, is_active=False)
    people.set_password(alice, password="another long enough phrase", actor=alice)

    alice.refresh_from_db()
    assert alice.check_password("another long enough phrase")
    assert log(acme) == [("person.password", {}, {})]
    assert log(globex) == []


@pytest.mark.parametrize("name", ["x" * 151, "two\nlines"], ids=["too-long", "line-feed"])
def test_a_name_that_no_database_or_page_could_hold_is_refused(db: None, name: str) -> None:
    with pytest.raises(ValidationError, match="150 printable"):
        people.create_tenant("acme-2", name=name, time_zone="UTC")
    with pytest.raises(ValidationError, match="150 printable"):
        people.create_user("new@acme.example", name=name)


def test_an_address_that_no_column_holds_is_refused(db: None) -> None:
    with pytest.raises(ValidationError, match="254"):
        people.create_user("a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".example")
