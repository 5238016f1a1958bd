"""Check what the shell shows around each page."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client, RequestFactory

from providers.tenancy import context
from providers.tenancy.models import Membership, Role, Tenant, User

SUMMER, WINTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "text"),
    [
        ("Africa/Cairo", WINTER, "Cairo time (UTC+2)"),
        ("Africa/Cairo", SUMMER, "Cairo time (UTC+3)"),
        ("America/New_York", WINTER, "New York time (UTC−5)"),
        ("America/St_Johns", WINTER, "St Johns time (UTC−3:30)"),
        ("Europe/London", WINTER, "London time (UTC+0)"),
        ("UTC", WINTER, "UTC"),
        ("Etc/UTC", WINTER, "UTC"),
    ],
)
def test_a_zone_is_named_by_city_and_offset(zone: str, now: datetime, text: str) -> None:
    assert context.zone_text(zone, now=now) == text


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ('x" onload="', "auto"), ("", "auto")]
)
def test_only_a_known_theme_is_taken_from_the_cookie(cookie: str, theme: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie

    assert context.theme_of(request) == theme


@pytest.mark.parametrize(
    ("name", "email", "initials"),
    [
        ("Nadia Haddad", "n@acme.example", "NH"),
        ("Nadia van der Haddad", "n@acme.example", "NH"),
        ("Nadia", "n@acme.example", "N"),
        ("", "nadia.haddad@acme.example", "NH"),
    ],
)
def test_initials_come_from_the_name_else_the_address(name: str, email: str, initials: str) -> None:
    request = RequestFactory().get("/")
    request.user = User(name=name, email=email)

    assert context.Shell(request).initials == initials


def test_the_page_names_zone_tenant_role_and_theme(
    bob: User, globex: Tenant, sign_in: Callable[[User], Client]
) -> None:
    Membership.unscoped.create(tenant=globex, user=bob, role=Role.ADMIN)
    client = sign_in(bob)
    client.cookies["theme"] = "dark"
    text = client.post("/acme/admin/").content.decode()

    assert 'data-theme="dark"' in text
    assert '<a class="item" href="/acme/" aria-current="true">Acme</a>' in text
    assert '<a class="item" href="/globex/">Globex</a>' in text
    assert "Cairo time (UTC" in text
    assert "Bob · Viewer" in text
    assert "X-CSRFToken" in text


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (Role.VIEWER, ["Overview", "Balances"]),
        (Role.ANALYST, ["Overview", "Balances", "Sync runs", "Providers"]),
        (Role.ADMIN, ["Overview", "Balances", "Sync runs", "Providers", "People", "Activity"]),
        (Role.AUDITOR, ["Overview", "Balances", "Sync runs", "Providers", "People", "Activity"]),
        (None, []),
    ],
)
def test_navigation_shows_what_the_role_may_open(
    role: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_address", lambda name, *, tenant: f"/{tenant}/{name}/")
    request = RequestFactory().get("/")
    request.resolver_match = None
    vars(request).update(tenant=Tenant(slug="acme") if role else None, role=role)

    assert [page.label for page in context.Shell(request).pages] == names


def test_permissions_are_given_by_name(rf: RequestFactory) -> None:
    request = rf.get("/")
    vars(request).update(role=Role.ANALYST)
    can = context.shell(request)["can"]

    assert (can["export"], can["sync"], can["manage_credentials"]) == (True, True, False)
