"""Check how long a sign-in lasts, and how it is asked for."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from providers.tenancy import sessions
from providers.tenancy.models import User

HX = {"HX-Request": "true", "HX-Request-Type": "partial"}
HALF_DAY = 12 * 3600


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


@pytest.mark.django_db
def test_signed_out_on_the_way_back_in_history_leads_to_the_sign_in_and_there() -> None:
    answer = Client().get("/acme/?page=2", headers={"HX-History-Restore-Request": "true"})

    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/login/?next=/acme/%3Fpage%3D2"
