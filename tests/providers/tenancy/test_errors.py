"""Check that failures are answered plainly and reveal nothing."""

from collections.abc import Callable

import pytest
from django.test import Client

from providers.tenancy.models import User


@pytest.mark.parametrize(
    ("address", "status"), [("/acme/broken/", 500), ("/acme/unreachable/", 503)]
)
def test_a_failure_says_so_and_no_more(
    address: str, status: int, bob: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(bob)
    client.raise_request_exception = False
    client.cookies["theme"] = "light"
    answer = client.get(address, headers={"HX-Request": "true", "HX-Target": "div#part"})
    text = answer.content.decode()

    assert answer.status_code == status
    assert answer.get("Retry-After") == ("30" if status == 503 else None)
    assert (answer["Cache-Control"], answer["HX-Retarget"]) == ("no-store", "#main")
    assert "secret detail" not in text
    assert "connection" not in text
    assert 'data-theme="light"' in text
    assert "recorded under" in text


def test_a_missing_thing_is_404_in_the_shell(bob: User, sign_in: Callable[[User], Client]) -> None:
    answer = sign_in(bob).get("/acme/things/1/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_words(bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    answer = client.post("/acme/admin/")

    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/acme/people/", "People and roles are for admins and auditors"),
        ("/acme/people/invite/", "People and roles are changed by admins"),
        ("/acme/activity/", "The activity log is for admins and auditors"),
    ],
)
def test_a_refusal_says_for_whom_it_is_what_one_may_and_who_can_change_it(
    address: str, words: str, alice: User, bob: User, sign_in: Callable[[User], Client]
) -> None:
    answer = sign_in(bob).get(address)
    text = answer.content.decode()

    assert answer.status_code == 403
    assert words in text
    assert "Your role in Acme is Viewer. Reads the overview and every balance." in text
    assert "Alice can change that." in text


def test_a_missing_person_is_called_one(alice: User, sign_in: Callable[[User], Client]) -> None:
    answer = sign_in(alice).get(f"/acme/people/{'f' * 32}/role/")

    assert answer.status_code == 404
    assert "There is no such person here" in answer.content.decode()
