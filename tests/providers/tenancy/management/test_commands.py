"""Check the operator's commands on tenants and people, as typed."""

import io

import pytest
from django.core.management import CommandError, call_command

from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant, User
from tests.conftest import PASSWORD


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Give the text on standard input."""
    text = io.StringIO()
    monkeypatch.setattr("sys.stdin", text)
    return text


def type_in(typed: io.StringIO, text: str) -> None:
    typed.seek(0)
    typed.truncate()
    typed.write(text)
    typed.seek(0)


@pytest.mark.django_db
def test_create_tenant_twice_makes_one() -> None:
    words = ("create_tenant", "acme", "--name", "Acme", "--timezone", "Africa/Cairo")
    assert run(*words) == "acme made\n"
    assert run("create_tenant", "acme", "--name", "Other") == "acme exists\n"

    tenant = Tenant.objects.get()
    assert (tenant.slug, tenant.name, tenant.time_zone) == ("acme", "Acme", "Africa/Cairo")


@pytest.mark.django_db
def test_create_tenant_names_what_is_wrong() -> None:
    with pytest.raises(CommandError, match="kept for the product"):
        run("create_tenant", "api", "--name", "Api")


def test_create_user_makes_a_person_who_can_sign_in(acme: Tenant, typed: io.StringIO) -> None:
    type_in(typed, f"{PASSWORD}\r\nsecond line\n")
    words = ("create_user", "Nadia@acme.example", "--tenant", "acme", "--role", "analyst")
    out = run(*words, "--name", "Nadia", "--password-stdin")

    user = User.objects.get()
    assert out == "nadia@acme.example is analyst of acme\n"
    assert user.check_password(PASSWORD)
    assert Membership.objects.for_tenant(acme).get(user=user).role == Role.ANALYST


def test_create_user_again_converges_and_logs_only_changes(
    acme: Tenant, alice: User, typed: io.StringIO
) -> None:
    words = ("create_user", "nadia@acme.example", "--tenant", "acme", "--password-stdin", "--role")
    type_in(typed, PASSWORD)
    run(*words, "viewer")
    for role, password in [("viewer", PASSWORD), ("ADMIN", PASSWORD * 2)]:
        type_in(typed, password)
        run(*words, role, "--name", "Nadia Haddad")

    user = User.objects.get(email="nadia@acme.example")
    actions = ActivityEntry.objects.for_tenant(acme).order_by("pk").values_list("action", flat=True)
    assert (user.name, user.check_password(PASSWORD * 2)) == ("Nadia Haddad", True)
    assert Membership.objects.for_tenant(acme).get(user=user).role == Role.ADMIN
    assert list(actions) == ["member.add", "person.rename", "person.password", "member.role"]


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        ("new@acme.example --tenant nobody --role viewer", "", "no tenant nobody"),
        ("new@acme.example --tenant acme --role viewer --password-stdin", "", "no password"),
        ("new@acme.example --tenant acme --role viewer --password-stdin", "short", "too short"),
        ("new --tenant acme --role viewer", "", "valid email"),
        ("alice@acme.example --tenant acme --role viewer", "", "no admin left"),
        ("new@acme.example --tenant acme --role owner", "", "invalid choice"),
    ],
)
def test_create_user_refuses_and_changes_nothing(
    alice: User, typed: io.StringIO, words: str, text: str, message: str
) -> None:
    type_in(typed, text)
    with pytest.raises(CommandError, match=message):
        run("create_user", *words.split())

    assert list(User.objects.all()) == [alice]
    assert Membership.unscoped.get().role == Role.ADMIN
