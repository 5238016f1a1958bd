"""Check one's own account: what it shows, what it keeps, and that it works without script."""

import pytest
from django.test import Client

from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant, User
from tests.screen import Screen, SignIn, words


@pytest.fixture
def client(bob: User, sign_in: SignIn) -> Client:
    return sign_in(bob)


def test_the_account_shows_person_tenants_roles_and_zones(
    client: Client, bob: User, acme: Tenant, globex: Tenant
) -> None:
    Membership.unscoped.create(tenant=globex, user=bob, role=Role.AUDITOR)
    screen = Screen(client.get("/account/"))

    assert "bob@acme.example" in screen.text("//main")
    assert screen.texts("//input[@name='name']/@value") == ["Bob"]
    assert screen.href("Change password") == "/accounts/password/change/"
    rows = screen.root.xpath("//main//table/tbody/tr")
    found = [[words(cell) for cell in row] for row in rows]
    assert [row[:3] for row in found] == [
        ["Acme", "Viewer", "Reads the overview and every balance."],
        ["Globex", "Auditor", "Reads and downloads everything, the log included; changes nothing."],
    ]
    assert ["Cairo time" in found[0][3], "Berlin time" in found[1][3]] == [True, True]
    assert screen.has("//main//form[@action='/accounts/logout/']")


def test_who_is_in_no_tenant_still_has_an_account(client: Client, bob: User) -> None:
    Membership.unscoped.filter(user=bob).update(is_active=False)

    assert "No company has given you access" in Screen(client.get("/account/")).text("//main")


@pytest.mark.parametrize(
    ("fields", "theme", "shortcuts"),
    [
        ({"theme": "dark"}, "dark", "off"),
        ({"theme": "light", "shortcuts": "on"}, "light", "on"),
        ({"theme": "auto", "shortcuts": "on"}, "auto", "on"),
    ],
)
def test_theme_and_shortcuts_are_kept_in_the_browser_and_obeyed_by_every_page(
    client: Client, fields: dict[str, str], theme: str, shortcuts: str
) -> None:
    answer = client.post("/account/", fields)

    assert answer["Location"] == "/account/"
    for cookie in (answer.cookies["theme"], answer.cookies["shortcuts"]):
        assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/", "Lax", "")
        assert cookie["max-age"] == 31_536_000
    page = Screen(client.get("/account/"))
    assert page.texts("/html/@data-theme") == [theme]
    assert page.texts("/html/@data-shortcuts") == [shortcuts]
    assert page.texts("//input[@name='theme' and @checked]/@value") == [theme]
    assert page.has("//input[@name='shortcuts' and @checked]") == (shortcuts == "on")


def test_cookies_of_a_production_are_sent_over_https_alone(
    client: Client, settings: object
) -> None:
    settings.SESSION_COOKIE_SECURE = True  # type: ignore[attr-defined]  # a fixture without a type

    assert client.post("/account/", {"theme": "dark"}).cookies["theme"]["secure"]


def test_single_keys_act_unless_switched_off(client: Client) -> None:
    assert Screen(client.get("/account/")).texts("/html/@data-shortcuts") == ["on"]


def test_an_unknown_theme_is_refused_at_the_field(client: Client) -> None:
    screen = Screen(client.post("/account/", {"theme": "pink"}), status=422)

    assert screen.text("//p[@class='error']") == "Choose one of the three themes."
    assert screen.has("//*[@role='alert' and @autofocus]")
    assert not screen.response.cookies.get("theme")


def test_ones_own_name_is_changed_and_logged_in_ones_tenants(
    client: Client, acme: Tenant, globex: Tenant, bob: User
) -> None:
    client.post("/account/name/", {"name": " Robert "})

    bob.refresh_from_db()
    assert bob.name == "Robert"
    (entry,) = ActivityEntry.objects.for_tenant(acme)
    assert (entry.action, entry.actor, entry.before, entry.after) == (
        "person.rename",
        bob,
        {"name": "Bob"},
        {"name": "Robert"},
    )
    assert not ActivityEntry.objects.for_tenant(globex).exists()
    client.post("/account/name/", {"name": "Robert"})
    assert ActivityEntry.objects.for_tenant(acme).count() == 1


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (" ", "Type the name that colleagues know you by."),
        ("x" * 151, "Use up to 150 letters."),
    ],
)
def test_a_bad_name_changes_nothing_and_stays_as_it_was_typed(
    client: Client, bob: User, name: str, fault: str
) -> None:
    screen = Screen(client.post("/account/name/", {"name": name}), status=422)

    assert screen.text("//p[@class='error']") == fault
    assert screen.texts("//input[@name='name']/@value") == [name]
    bob.refresh_from_db()
    assert bob.name == "Bob"


def test_the_theme_button_leads_to_the_account_without_script(client: Client) -> None:
    screen = Screen(client.get("/account/"))

    assert screen.has("//header//form[@action='/account/#display']/button[@data-theme-toggle]")
    assert screen.href("Your account") == "/account/"
