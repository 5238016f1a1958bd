"""Check that admins invite and place people, that nobody else does, and what the pages give away."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from providers.tenancy import activity, people
from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant, User
from tests.conftest import PASSWORD, make_person
from tests.screen import Screen, SignIn, words

PEOPLE = "/acme/people/"
INVITE = "/acme/people/invite/"
NEW = "new@acme.example"
VERBS = ("role", "deactivate")
NEW_PASSWORD = "another long enough phrase"


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


def membership(user: User, tenant: Tenant) -> Membership:
    found: Membership = Membership.objects.for_tenant(tenant).get(user=user)
    return found


def address(user: User, tenant: Tenant, verb: str) -> str:
    return f"/acme/people/{membership(user, tenant).public_id}/{verb}/"


def log(tenant: Tenant) -> list[tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
    found = ActivityEntry.objects.for_tenant(tenant).order_by("pk")
    return [(e.action, e.actor_email, e.object_label, e.before, e.after) for e in found]


def rows(client: Client) -> list[list[str]]:
    table = Screen(client.get(PEOPLE)).root.xpath("//table[contains(@class, 'people')]/tbody/tr")
    return [[words(cell) for cell in row] for row in table]


def signs_in(user: User, tenant: Tenant) -> None:
    activity.record(tenant, action="sign_in", actor=user, obj=user, label=user.email)


def refused(answer: Any) -> Screen:
    """Return the page of a form that was not taken: its summary has the focus."""
    screen = Screen(answer, status=422)
    assert screen.has("//*[@role='alert' and @autofocus and @tabindex='-1']")
    return screen


# --- The list -------------------------------------------------------------------------------------
def test_the_list_says_who_is_here_in_which_role_since_when_and_who_sees_what(
    client: Client, acme: Tenant, alice: User, bob: User, auditor: User
) -> None:
    signs_in(alice, acme)
    signs_in(auditor, acme)
    people.deactivate(membership(auditor, acme))

    found = rows(client)

    assert [row[:3] for row in found] == [
        ["Alice you alice@acme.example", "Admin", "Active"],
        ["bob@acme.example", "Viewer", "Not signed in yet"],
        ["Omar omar@acme.example", "Auditor", "Deactivated"],
    ]
    assert [bool(row[3]) for row in found] == [True] * 3
    assert re.fullmatch(r"\d\d:\d\d", found[0][4])
    assert found[1][4] == "never"
    text = client.get(PEOPLE).content.decode()
    assert "Everyone here sees every balance of this tenant." in text
    assert "2 active people in Acme." in text


def test_the_last_sign_in_shown_is_the_last_of_this_tenant(
    client: Client, acme: Tenant, globex: Tenant, bob: User
) -> None:
    Membership.unscoped.create(tenant=globex, user=bob, role=Role.VIEWER)
    signs_in(bob, globex)

    assert rows(client)[1][:5:2] == ["bob@acme.example", "Not signed in yet", "never"]


def test_a_person_closed_by_an_operator_is_marked(client: Client, acme: Tenant, bob: User) -> None:
    signs_in(bob, acme)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert rows(client)[1][2] == "Sign-in closed"


def test_an_auditor_reads_the_list_without_a_control(auditor: User, sign_in: SignIn) -> None:
    screen = Screen(sign_in(auditor).get(PEOPLE))

    assert not screen.has("//main//form | //main//a")


def test_the_only_admin_has_no_way_out_and_one_of_two_has(client: Client, acme: Tenant) -> None:
    assert "The only admin" in rows(client)[0][5]
    assert "Deactivate" not in rows(client)[0][5]

    make_person("Omar", acme, Role.ADMIN)

    assert "The only admin" not in rows(client)[0][5]
    assert "Deactivate" in rows(client)[0][5]


def test_the_list_costs_the_same_for_many(client: Client, acme: Tenant) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(PEOPLE)
        return len(asked)

    cost()  # the first request writes the session
    one = cost()
    for n in range(20):
        make_person(f"P{n}", acme, Role.ADMIN)

    assert cost() == one


# --- Inviting -------------------------------------------------------------------------------------
def test_an_invited_person_sets_a_password_by_the_link_once_and_signs_in(
    client: Client, acme: Tenant
) -> None:
    answer = client.post(INVITE, {"email": " New@Acme.example ", "role": "ANALYST"})

    assert (answer.status_code, answer["Location"]) == (302, PEOPLE)
    user = User.objects.get(email=NEW)
    assert (user.has_usable_password(), membership(user, acme).role) == (False, "ANALYST")
    assert log(acme) == [("member.invite", "alice@acme.example", NEW, {}, {"role": "ANALYST"})]
    (letter,) = mail.outbox
    assert (letter.to, "Acme" in letter.subject) == ([NEW], True)
    link = re.search(r"http://testserver(/accounts/password/\S+)", str(letter.body))
    assert link is not None
    theirs = Client()
    form = theirs.get(link[1], follow=True)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    theirs.post(form.redirect_chain[-1][0], fields)
    theirs.post("/accounts/login/", {"login": NEW, "password": NEW_PASSWORD})
    assert theirs.get("/acme/").content == b"acme ANALYST Africa/Cairo"
    assert "no longer works" in Client().get(link[1], follow=True).content.decode()


def test_a_person_of_another_tenant_is_added_and_keeps_name_and_password(
    client: Client, acme: Tenant, mallory: User
) -> None:
    client.post(INVITE, {"email": mallory.email, "role": "VIEWER"})

    mallory.refresh_from_db()
    assert (mallory.name, mallory.check_password(PASSWORD)) == ("Mallory", True)
    (letter,) = mail.outbox
    assert "/accounts/password/" not in letter.body
    assert "http://testserver/acme/" in letter.body


def shown_of(email: str, client: Client, tenant: Tenant) -> list[str]:
    """Invite an address, and return all that an admin can then see of it, its own words taken out."""
    answer = client.post(INVITE, {"email": email, "role": "VIEWER"}, follow=True)
    user = User.objects.get(email=email)
    people.change_role(membership(user, tenant), role=Role.ANALYST)
    screens = [
        Screen(answer).text("//*[@class='notices']"),
        *(" ".join(row) for row in rows(client) if email in row[0]),
        *(Screen(client.get(address(user, tenant, v))).text("//main") for v in VERBS),
        Screen(client.get(f"/acme/activity/?object={email}")).text("//main//table"),
        str([entry for entry in log(tenant) if entry[2] == email]),
        str(client.get(f"/acme/activity.csv?object={email}").getvalue()),
    ]
    return [
        re.sub(r"[0-9a-f]{32}|\d\d:\d\d[\d:.+]*", "", screen.replace(email, "E"))
        for screen in screens
    ]


def test_an_admin_cannot_tell_whether_the_address_was_known(
    client: Client, acme: Tenant, mallory: User
) -> None:
    signs_in(mallory, mallory.memberships.get().tenant)

    known = shown_of(mallory.email, client, acme)

    assert known == shown_of("nobody@globex.example", client, acme)
    assert len(known) == 7
    assert "Mallory" not in str(known)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"email": "", "role": "VIEWER"}, "Type the e-mail address of the person."),
        ({"email": "nadia", "role": "VIEWER"}, "An e-mail address looks like name@company.com."),
        ({"email": f"{'a' * 250}@b.example", "role": "VIEWER"}, "An e-mail address has up to 254"),
        ({"email": NEW}, "Choose a role."),
        ({"email": NEW, "role": "ROOT"}, "Choose one of the four roles."),
        ({"email": "BOB@acme.example", "role": "VIEWER"}, "here already, as viewer"),
        ({"email": "gone@acme.example", "role": "VIEWER"}, "was deactivated here"),
    ],
)
def test_a_bad_invitation_says_what_would_be_right_and_keeps_what_was_typed(
    client: Client, acme: Tenant, bob: User, fields: dict[str, str], fault: str
) -> None:
    people.deactivate(membership(make_person("Gone", acme, Role.VIEWER), acme))
    before = log(acme)

    screen = refused(client.post(INVITE, fields))

    (said,) = screen.texts("//p[@class='error']")
    assert fault in said
    assert fault in screen.text("//*[@role='alert']")
    invalid = screen.part("//*[@aria-invalid='true']").root
    assert screen.has(f"//*[@id='{invalid.get('aria-describedby')}']")
    assert screen.texts("//input[@name='email']/@value") == [fields["email"]]
    assert (log(acme), mail.outbox, User.objects.filter(email=NEW).exists()) == (before, [], False)


def test_an_invitation_whose_letter_fails_stands_and_says_so(
    client: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    text = client.post(INVITE, {"email": NEW, "role": "VIEWER"}, follow=True).content.decode()

    assert "the letter could not be sent: invite again" in text
    assert membership(User.objects.get(email=NEW), acme).is_active


def test_who_has_not_come_is_invited_again_and_who_has_is_not(
    client: Client, acme: Tenant, bob: User
) -> None:
    again = address(bob, acme, "invite")
    client.post(again)
    signs_in(bob, acme)
    text = client.post(again, follow=True).content.decode()

    assert next(entry[:3] for entry in log(acme)) == (
        "member.invite_again",
        "alice@acme.example",
        "bob@acme.example",
    )
    assert len(mail.outbox) == 1
    assert "Bob needs no invitation." in text


# --- Roles ----------------------------------------------------------------------------------------
def test_a_role_changes_at_once_and_is_logged_with_its_reason(
    client: Client, acme: Tenant, bob: User, sign_in: SignIn
) -> None:
    theirs = sign_in(bob)
    client.post(address(bob, acme, "role"), {"role": "AUDITOR", "reason": "month end"})

    assert theirs.get("/acme/").content == b"acme AUDITOR Africa/Cairo"
    assert log(acme) == [
        (
            "member.role",
            "alice@acme.example",
            "bob@acme.example",
            {"role": "VIEWER", "is_active": True},
            {"role": "AUDITOR", "is_active": True},
        )
    ]
    assert ActivityEntry.objects.for_tenant(acme).get().reason == "month end"


def test_the_form_of_a_role_stands_on_the_role_held(
    client: Client, acme: Tenant, bob: User
) -> None:
    screen = Screen(client.get(address(bob, acme, "role")))

    assert screen.texts("//input[@type='radio' and @checked]/@value") == ["VIEWER"]


def test_the_last_admin_keeps_the_role_and_learns_why(
    client: Client, acme: Tenant, alice: User
) -> None:
    screen = refused(
        client.post(address(alice, acme, "role"), {"role": "VIEWER", "reason": "<b>tired</b>"})
    )

    assert "Acme would have no admin left" in screen.text("//p[@class='error']")
    assert screen.texts("//input[@name='reason']/@value") == ["<b>tired</b>"]
    assert screen.texts("//input[@type='radio' and @checked]/@value") == ["VIEWER"]
    assert (membership(alice, acme).role, log(acme)) == ("ADMIN", [])


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "Choose a role."),
        ({"role": "ROOT"}, "Choose one of the four roles."),
        ({"role": "ANALYST", "reason": "x" * 301}, "Use up to 300 letters."),
    ],
)
def test_a_bad_role_changes_nothing(
    client: Client, acme: Tenant, bob: User, fields: dict[str, str], fault: str
) -> None:
    screen = refused(client.post(address(bob, acme, "role"), fields))

    assert screen.text("//p[@class='error']") == fault
    assert (membership(bob, acme).role, log(acme)) == ("VIEWER", [])


def test_an_admin_who_gives_up_the_role_is_led_home(
    client: Client, acme: Tenant, alice: User
) -> None:
    make_person("Omar", acme, Role.ADMIN)
    answer = client.post(address(alice, acme, "role"), {"role": "VIEWER"})

    assert answer["Location"] == "/"
    assert client.get(PEOPLE).status_code == 403


# --- Deactivating ---------------------------------------------------------------------------------
def test_a_deactivated_member_is_out_at_once_and_comes_back_in_the_same_role(
    client: Client, acme: Tenant, bob: User, sign_in: SignIn
) -> None:
    theirs = sign_in(bob)
    client.post(address(bob, acme, "deactivate"), {"reason": "left"})
    assert theirs.get("/acme/").status_code == 404

    client.post(address(bob, acme, "reactivate"))

    assert theirs.get("/acme/").content == b"acme VIEWER Africa/Cairo"
    was, now = {"role": "VIEWER", "is_active": True}, {"is_active": False}
    assert log(acme) == [
        ("member.deactivate", "alice@acme.example", "bob@acme.example", was, now),
        ("member.reactivate", "alice@acme.example", "bob@acme.example", now, was),
    ]


def test_a_deactivated_member_gets_no_role_by_the_way(
    client: Client, acme: Tenant, bob: User
) -> None:
    people.deactivate(membership(bob, acme))
    screen = refused(client.post(address(bob, acme, "role"), {"role": "ADMIN"}))

    assert "reactivate them first" in screen.text("//p[@class='error']")
    assert not membership(bob, acme).is_active


def test_the_last_admin_stays(client: Client, acme: Tenant, alice: User) -> None:
    screen = refused(client.post(address(alice, acme, "deactivate"), {"reason": "tired"}))

    assert "Acme would have no admin left" in screen.text("//*[@role='alert']")
    assert screen.texts("//input[@name='reason']/@value") == ["tired"]
    assert (membership(alice, acme).is_active, log(acme)) == (True, [])


def test_deactivating_oneself_leads_home(client: Client, acme: Tenant, alice: User) -> None:
    make_person("Omar", acme, Role.ADMIN)

    assert "This is you" in client.get(address(alice, acme, "deactivate")).content.decode()
    assert client.post(address(alice, acme, "deactivate"))["Location"] == "/"
