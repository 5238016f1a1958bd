"""Turn an answer that is no success into the error it stands for."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from providers.errors import (
    DETAIL_LENGTH,
    BadRequest,
    CredentialRejected,
    Forbidden,
    NotFound,
    ProviderError,
    RedirectRefused,
    ServerError,
    Throttled,
    Unreadable,
)
from providers.http.pace import retry_after
from providers.http.redaction import Redactor

if TYPE_CHECKING:
    from providers.http.wire import Answer

REQUEST_ID_LENGTH = 64
REQUEST_IDS = ("x-request-id", "x-correlation-id", "request-id", "cf-ray")

_BY_STATUS: dict[int, type[ProviderError]] = {
    401: CredentialRejected,
    403: Forbidden,
    404: NotFound,
    429: Throttled,
}
_BY_CLASS: dict[int, type[ProviderError]] = {3: RedirectRefused, 4: BadRequest, 5: ServerError}


class CutShort(Unreadable):
    """Report an answer that ended before its end, which may be whole the next time."""


def error_of(answer: "Answer", *, redactor: Redactor, now: datetime) -> ProviderError:
    """Return the error for a status, with what the provider said about it, redacted.

    A 403 is `forbidden` here: only the connector knows whether it judges one customer or the
    credential. The same holds for codes inside the body, which is kept for it.
    """
    kind = _BY_STATUS.get(answer.status) or _BY_CLASS.get(answer.status // 100, Unreadable)
    body = redactor.body(answer.body)
    said = redactor.text(body[: 4 * DETAIL_LENGTH].decode("utf-8", "replace")).strip()
    detail = f"HTTP {answer.status}"
    if answer.status // 100 == 4 and said:
        detail = f"{detail}: {said}"
    return kind(
        detail,
        status=answer.status,
        retry_after=retry_after(answer.headers.get("retry-after"), now=now),
        request_id=redactor.text(_request_id(answer.headers))[:REQUEST_ID_LENGTH],
        body=body,
    )


def _request_id(headers: Mapping[str, str]) -> str:
    """Find the id by which the provider's support knows this answer."""
    return next((headers[name] for name in REQUEST_IDS if name in headers), "")
