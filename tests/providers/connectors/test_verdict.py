from datetime import timedelta

import pytest

from providers.connectors.base import StepName, Verdict
from providers.connectors.verdict import failed, passed
from providers.errors import (
    BadRequest,
    CredentialRejected,
    Forbidden,
    HostRefused,
    Incomplete,
    Misconfigured,
    NotFound,
    ProviderError,
    RedirectRefused,
    ServerError,
    Throttled,
    Timeout,
    TlsFailed,
    TooLarge,
    Unreachable,
    Unreadable,
)


def judge(error: ProviderError, *, token_proven: bool = False) -> Verdict:
    return failed(
        error, permission="x:read", token_help="Make a new key.", token_proven=token_proven
    )


@pytest.mark.parametrize(
    ("error", "steps", "advice"),
    [
        (Unreachable("refused"), ["host"], "base URL"),
        (Timeout(), ["host"], "too long"),
        (TlsFailed(), ["host"], "certificate"),
        (RedirectRefused(), ["host"], "redirect"),
        (HostRefused(), ["host"], "operator"),
        (CredentialRejected(status=401), ["host", "token"], "Make a new key."),
        (Forbidden(status=403), ["host", "token", "permission"], "x:read"),
        (NotFound(status=404), ["host", "answer"], "path"),
        (Throttled(retry_after=timedelta(minutes=1)), ["host", "answer"], "wait"),
        (ServerError(status=500), ["host", "answer"], "fault of its own"),
        (Unreadable("no JSON", field="$.items"), ["host", "answer"], "no JSON at $.items"),
        (TooLarge(), ["host", "answer"], "larger"),
        (BadRequest("HTTP 400: bad page"), ["host", "answer"], "bad page"),
        (Misconfigured("Payman does not know XYZ"), ["host", "answer"], "does not know XYZ"),
        (Incomplete(), ["host", "answer"], "read whole"),
    ],
    ids=lambda value: value.code if isinstance(value, ProviderError) else "",
)
def test_error_ends_at_its_step_with_advice(
    error: ProviderError, steps: list[str], advice: str
) -> None:
    verdict = judge(error)

    assert not verdict.ok
    assert [step.name for step in verdict.steps] == steps
    assert [step.ok for step in verdict.steps] == [True] * (len(steps) - 1) + [False]
    assert advice in verdict.steps[-1].detail


def test_key_that_was_answered_before_is_shown_as_proven() -> None:
    verdict = judge(Unreadable(), token_proven=True)

    assert [step.name for step in verdict.steps] == [StepName.HOST, StepName.TOKEN, StepName.ANSWER]


def test_right_that_the_provider_names_is_passed_on() -> None:
    text = 'HTTP 403: {"message":"API key is missing required permission: balances:read"}'

    verdict = judge(Forbidden(text, status=403, request_id="r1"))

    assert isinstance(verdict.error, CredentialRejected)
    assert verdict.error.permission == "balances:read"
    assert verdict.error.request_id == "r1"


def test_passed_verdict_has_all_steps_in_order() -> None:
    assert [step.name for step in passed().steps] == list(StepName)
    assert passed().ok


@pytest.mark.parametrize(
    ("told", "kept"),
    [("N" * 255, "N" * 200), ("a\x00b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("Acme", "Acme")],
)
def test_whatever_a_provider_calls_a_company_can_be_stored(told: str, kept: str) -> None:
    broken = failed(Unreachable("x"), permission="x:read", token_help="", identity_name=told)

    assert passed(identity_name=told).identity_name == kept
    assert broken.identity_name == kept
