"""What the error tree promises to those who store and show it."""

import copy
import pickle
from collections.abc import Callable
from datetime import timedelta

import pytest

from providers import errors
from providers.errors import ProviderError, Throttled, Unreadable, spoken

KINDS = ProviderError.__subclasses__()


def test_every_error_has_a_code_of_its_own_that_fits_its_column() -> None:
    codes = [kind.code for kind in KINDS]

    assert len(set(codes)) == len(codes)
    assert all(0 < len(code) <= 30 for code in codes)
    assert len(KINDS) == 15


def test_module_docstring_draws_every_error() -> None:
    assert errors.__doc__ is not None
    assert all(kind.__name__ in errors.__doc__ for kind in KINDS)


def test_detail_and_field_are_cut_to_what_is_stored() -> None:
    error = Unreadable("x" * 1000, field="$." + "y" * 1000)

    assert len(error.detail) == 256
    assert len(error.field) == 128


def test_text_names_code_place_and_detail() -> None:
    assert str(Unreadable("no number", field="$.a")) == "unreadable at $.a: no number"
    assert str(Unreadable()) == "unreadable"
    assert repr(Unreadable("no number")) == "<Unreadable unreadable: no number>"


def test_body_of_an_error_is_in_no_text() -> None:
    error = Unreadable("x", body=b"personal data")

    assert "personal" not in str(error) + repr(error) + repr(error.args)


@pytest.mark.parametrize(
    ("seconds", "stops"),
    [(None, False), (0, False), (10, False), (10.5, True), (86400, True)],
)
def test_throttling_stops_the_run_only_past_ten_seconds(seconds: float | None, stops: bool) -> None:
    wait = None if seconds is None else timedelta(seconds=seconds)

    assert Throttled(retry_after=wait).stops_run is stops


def test_only_a_rejected_credential_stops_the_run_otherwise() -> None:
    assert [kind.code for kind in KINDS if kind.stops_run is True] == ["credential_rejected"]


def _pickled(error: Throttled) -> Throttled:
    copied: Throttled = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    return copied


@pytest.mark.parametrize("again", [copy.copy, _pickled])
def test_errors_survive_a_copy(again: Callable[[Throttled], Throttled]) -> None:
    error = again(Throttled("slow", retry_after=timedelta(seconds=3), status=429))

    assert (error.detail, error.retry_after, error.status) == ("slow", timedelta(seconds=3), 429)


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ('HTTP 401: {"message":"Unauthenticated."}', "HTTP 401: Unauthenticated"),
        ('HTTP 422: {"code":"x","message":"a \\"b\\"\\nc","errors":{}}', 'HTTP 422: a "b" c'),
        ('HTTP 404: {"title":"T","detail":"No such customer."}', "HTTP 404: No such customer"),
        ('HTTP 401: {"error":"x","error_description":"bad client"}', "HTTP 401: bad client"),
        ('HTTP 403: [{"message":"cut sho', "HTTP 403: cut sho"),
        ('HTTP 403: {"message":"cut \\u00', "HTTP 403"),
        ('HTTP 403: {"message":"\\u202e\\u0000x"}', "HTTP 403: x"),
        ('HTTP 403: {"message":"{\\"a\\":1}"}', "HTTP 403"),
        ('HTTP 400: {"code":"x"}', "HTTP 400"),
        ("HTTP 403: <html>no</html>", "HTTP 403"),
        ("HTTP 403: no", "HTTP 403: no"),
        ("HTTP 503", "HTTP 503"),
        ("no JSON at $.items", "no JSON at $.items"),
        ("", ""),
    ],
)
def test_a_sentence_holds_the_providers_message_and_never_its_markup(
    detail: str, said: str
) -> None:
    assert spoken(detail) == said


def test_explained_says_detail_and_field_and_fits_its_column() -> None:
    field = "$." + "y" * 1000

    assert Unreadable("no number", field="$.a[3].b").explained == "no number at $.a[3].b"
    assert Unreadable("no number").explained == "no number"
    assert Unreadable(field="$.a").explained == "at $.a"
    assert Unreadable().explained == ""
    assert len(Unreadable("x" * 1000, field=field).explained) == 300
    assert Unreadable("x" * 1000, field=field).explained.endswith(" at " + field[:128])
