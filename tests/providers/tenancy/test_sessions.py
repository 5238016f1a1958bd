"""Check how long a sign-in lasts, and how it is asked for."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from providers.tenancy import sessions
from providers.tenancy.models import User
from tests.screen import Screen

HX = {"HX-Request": "true", "HX-Request-Type": "partial"}
HALF_DAY = 12 * 3600
TEMPLATES = Path(__file__).parents[3] / "templates"
# Tags whose part asks for itself, by the clock of htmx or by the page's.
ASKING = re.compile(
    r"""<\w+[^>]*?hx-trigger="[^"]*\b(?:every|tick|load|revealed|intersect)\b[^"]*"[^>]*>"""
)


@pytest.fixture
def client_aged(bob: User, sign_in: Callable[[User], Client]) -> Callable[..., Client]:
    """Give a browser whose session began and was last seen some seconds ago."""

    def aged(*, started: int, seen: int) -> Client:
        client = sign_in(bob)
        session = client.session
        now = int(time.time())
        session.update({sessions.STARTED: now - started, sessions.SEEN: now - seen})
        session.save()
        return client

    return aged


@pytest.mark.parametrize(
    ("started", "seen", "status"),
    [
        pytest.param(0, 0, 200, id="new"),
        pytest.param(HALF_DAY - 60, 29 * 60, 200, id="in-use"),
        pytest.param(31 * 60, 30 * 60, 302, id="idle"),
        pytest.param(HALF_DAY, 0, 302, id="old"),
    ],
)
def test_a_session_ends_idle_or_old(
    client_aged: Callable[..., Client], started: int, seen: int, status: int
) -> None:
    client = client_aged(started=started, seen=seen)

    assert client.get("/acme/").status_code == status
    assert (client.session.get("_auth_user_id") is None) is (status == 302)


@pytest.mark.parametrize(("seen", "is_written"), [(59, False), (61, True)])
def test_the_last_request_is_written_once_a_minute(
    client_aged: Callable[..., Client], seen: int, is_written: bool
) -> None:
    client = client_aged(started=600, seen=seen)
    before = client.session[sessions.SEEN]
    client.get("/acme/")

    assert (client.session[sessions.SEEN] > before) is is_written


@pytest.mark.parametrize("part", ["section#dashboard-health", "div#providers-runs-table"])
def test_a_part_that_asks_for_itself_never_extends_the_sign_in(
    client_aged: Callable[..., Client], part: str
) -> None:
    client = client_aged(started=600, seen=29 * 60)
    before = dict(client.session.items())
    itself = HX | {"HX-Source": part, "HX-Target": part}

    assert client.get("/acme/", headers=itself).status_code == 200
    assert dict(client.session.items()) == before
    clicked = HX | {"HX-Source": "a#page-next", "HX-Target": part}
    assert client.get("/acme/", headers=clicked).status_code == 200
    assert client.session[sessions.SEEN] > before[sessions.SEEN]


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_a_person_sends_extends_it(client_aged: Callable[..., Client], method: str) -> None:
    client = client_aged(started=600, seen=29 * 60)
    before = client.session[sessions.SEEN]
    headers = HX | {"HX-Source": "button", "HX-Target": "div#part"}
    getattr(client, method)("/acme/", headers=headers)

    assert client.session[sessions.SEEN] > before


def asking_parts() -> Iterator[Any]:
    """Give every tag of the templates whose part asks for itself."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        for tag in ASKING.findall(path.read_text()):
            yield pytest.param(tag, id=path.name)


@pytest.mark.parametrize("tag", list(asking_parts()))
def test_every_part_that_asks_by_itself_is_known_by_being_its_own_target(tag: str) -> None:
    assert ' hx-target="this"' in tag
    assert re.search(r' id="[a-z-]+"', tag)
    assert "hx-get=" in tag


def test_a_first_request_starts_the_clock(bob: User, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(bob)
    client.get("/acme/")

    assert time.time() - client.session[sessions.STARTED] < 60


@pytest.mark.django_db
def test_a_made_up_session_is_nobody() -> None:
    client = Client()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "x" * 32

    assert client.get("/acme/").status_code == 302


@pytest.mark.parametrize(
    ("method", "address", "headers", "location"),
    [
        ("get", "/acme/?currency=USD&q=a", {}, "/acme/%3Fcurrency%3DUSD%26q%3Da"),
        ("post", "/acme/admin/", {"Referer": "http://testserver/acme/?q=1#x"}, "/acme/%3Fq%3D1"),
        ("post", "/acme/admin/", {"Referer": "http://evil.example/acme/"}, "/"),
        ("post", "/acme/admin/", {}, "/"),
    ],
)
@pytest.mark.django_db
def test_a_stranger_is_led_to_the_sign_in_and_back(
    method: str, address: str, headers: dict[str, str], location: str
) -> None:
    answer = getattr(Client(), method)(address, headers=headers)

    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={location}")


@pytest.mark.parametrize(
    ("current", "location"),
    [
        ("http://testserver/acme/?page=2", "/acme/%3Fpage%3D2"),
        ("http://evil.example/acme/", "/"),
        ("http://testserver//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.django_db
def test_signed_out_inside_htmx_is_401_with_the_way_back(
    method: str, current: str, location: str
) -> None:
    headers: dict[str, Any] = HX | {"HX-Current-URL": current}
    answer = getattr(Client(), method)("/acme/admin/", headers=headers)

    assert answer.status_code == 401
    assert answer["HX-Redirect"] == f"/accounts/login/?next={location}"
    assert answer["Cache-Control"] == "no-store"
    assert answer.content == b""


@pytest.mark.parametrize(
    ("started", "seen", "ended", "fact"),
    [
        (31 * 60, 30 * 60, "idle", "You were signed out after 30 minutes."),
        (HALF_DAY, 0, "old", "You were signed out after 12 hours, as everybody is."),
    ],
)
def test_the_sign_in_says_how_the_one_before_ended_and_where_this_one_leads(
    client_aged: Callable[..., Client], started: int, seen: int, ended: str, fact: str
) -> None:
    client = client_aged(started=started, seen=seen)
    current = {"HX-Current-URL": "http://testserver/acme/?currency=USD"}
    part = {"HX-Source": "div#part", "HX-Target": "div#part"}
    answer = client.get("/acme/", headers=HX | current | part)

    assert answer.status_code == 401
    address = f"/accounts/login/?next=/acme/%3Fcurrency%3DUSD&ended={ended}"
    assert answer["HX-Redirect"] == address
    said = Screen(client.get(address)).text("//*[@role='status']")
    assert said == f"{fact} Sign in and you will be back on this view, with its filters."


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("?ended=gone&next=/acme/", "Sign in and you will be back on this page."),
        ("?ended=gone&next=/", "Sign in to go on."),
        ("?ended=gone&next=//evil.example/?a", "Sign in to go on."),
        ("?ended=gone", "Sign in to go on."),
    ],
)
@pytest.mark.django_db
def test_the_sign_in_promises_only_where_it_leads(address: str, said: str) -> None:
    screen = Screen(Client().get(f"/accounts/login/{address}"))

    assert screen.text("//*[@role='status']") == f"You were signed out. {said}"


@pytest.mark.parametrize("address", ["", "?ended=", "?ended=<b>x", "?next=/acme/"])
@pytest.mark.django_db
def test_who_had_no_sign_in_is_told_of_none(address: str) -> None:
    assert not Screen(Client().get(f"/accounts/login/{address}")).has("//*[@role='status']")


@pytest.mark.django_db
def test_signed_out_on_the_way_back_in_history_leads_to_the_sign_in_and_there() -> None:
    answer = Client().get("/acme/?page=2", headers={"HX-History-Restore-Request": "true"})

    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/login/?next=/acme/%3Fpage%3D2"
