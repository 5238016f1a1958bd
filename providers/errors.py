"""Name what can go wrong between us and a provider, once, for the whole product.

ProviderError
├── CredentialRejected   401, or 403 where the credential itself is judged
├── Forbidden            403 for one customer, wallet or currency
├── NotFound             404 for one of them
├── Throttled            429 we do not wait out
├── Unreachable          no connection, or it broke
├── Timeout              no whole answer within the deadline
├── TlsFailed            the certificate or the handshake is not to be trusted
├── RedirectRefused      3xx, never followed
├── TooLarge             body or headers over the cap
├── Unreadable           the answer is not what the contract says
├── Misconfigured        our settings name something the provider does not know
├── BadRequest           another 4xx: our mistake
├── Incomplete           the pages never agreed with each other
├── ServerError          5xx
└── HostRefused          the address is not on the operator's list, or not public
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

DETAIL_LENGTH = 256
FIELD_LENGTH = 128
EXPLAINED_LENGTH = 300
LONGEST_WAIT = timedelta(seconds=10)
# An answer kept as it came, and where providers write in it what they say to a person; it may be cut short.
_MARKUP = re.compile(r"(HTTP \d{3}): *[{\[<]")
_SAID = re.compile(r'"(?:message|detail|error_description)"\s*:\s*"((?:[^"\\]|\\.)*)')


def spoken(detail: str) -> str:
    """Return a detail as it fits a sentence: of JSON or HTML the status and the message alone."""
    kept = _MARKUP.match(detail)
    if kept is None:
        return detail
    found = _SAID.search(detail)
    try:
        text = json.loads(f'"{found[1]}"', strict=False) if found else ""
    except ValueError:
        text = ""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    is_said = words and words[0] not in "{[<"
    return f"{kept[1]}: {words.rstrip('.')}" if is_said else kept[1]


class ProviderError(Exception):
    """Say what failed, in a code that is stored and a detail a person reads.

    `detail` and `body` are redacted before anyone but the client sees them; `body` is the
    start of an error answer, for the connector to find the provider's own code in.
    `permanent` errors are not worth a retry before a person changes something; `stops_run`
    ones end the whole run, not one scope.
    """

    code: ClassVar[str] = "error"
    permanent: ClassVar[bool] = False
    stops_run: bool = False

    def __init__(
        self,
        detail: str = "",
        *,
        field: str = "",
        status: int | None = None,
        retry_after: timedelta | None = None,
        permission: str = "",
        request_id: str = "",
        body: bytes = b"",
    ) -> None:
        # Whole until redacted: half a secret is not known for one.
        self._detail = detail
        self._field = field
        self.status = status
        self.retry_after = retry_after
        self.permission = permission
        self.request_id = request_id
        self.body = body
        super().__init__()

    @property
    def detail(self) -> str:
        """Say what happened, cut to what is stored."""
        return self._detail[:DETAIL_LENGTH]

    @property
    def field(self) -> str:
        """Name the place or setting it happened at, cut to what is stored."""
        return self._field[:FIELD_LENGTH]

    def redact(self, clean: Callable[[str], str]) -> None:
        """Let every text pass through `clean`, which takes the secrets out."""
        self._detail = clean(self._detail)[:DETAIL_LENGTH]
        self._field = clean(self._field)[:FIELD_LENGTH]
        self.request_id = clean(self.request_id)

    @property
    def explained(self) -> str:
        """Say "detail at field" for storing and showing beside the code.

        Units: at most 300 characters; a long detail is cut, the field is not.
        """
        place = f" at {self.field}" if self.field else ""
        return f"{self.detail[: EXPLAINED_LENGTH - len(place)]}{place}".strip()

    def __str__(self) -> str:
        place = f" at {self.field}" if self.field else ""
        return f"{self.code}{place}: {self.detail}" if self.detail else f"{self.code}{place}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class CredentialRejected(ProviderError):
    """Tell the admin that the key does not work, and which `permission` is missing if told."""

    code = "credential_rejected"
    permanent = True
    stops_run = True


class Forbidden(ProviderError):
    """Fail one scope that the key may not read."""

    code = "forbidden"
    permanent = True


class NotFound(ProviderError):
    """Fail one scope that the provider does not know; never read as zero."""

    code = "not_found"
    permanent = True


class Throttled(ProviderError):
    """Hand back the wait the provider asked for; a long one ends the run."""

    code = "throttled"

    @property
    def stops_run(self) -> bool:  # type: ignore[override]  # a fact of the instance here
        """Stop when the wait is longer than a worker may sleep."""
        return self.retry_after is not None and self.retry_after > LONGEST_WAIT


class Unreachable(ProviderError):
    """Report a connection that was refused, reset or never named."""

    code = "unreachable"


class Timeout(ProviderError):
    """Report an answer that was not whole when the deadline passed."""

    code = "timeout"


class TlsFailed(ProviderError):
    """Report a certificate or handshake that cannot be trusted."""

    code = "tls_failed"
    permanent = True


class RedirectRefused(ProviderError):
    """Report a 3xx; its target got no request, for it would have got the key."""

    code = "redirect_refused"
    permanent = True


class TooLarge(ProviderError):
    """Report an answer cut off at the cap while it was being read."""

    code = "too_large"


class Unreadable(ProviderError):
    """Name the `field` at which the answer departs from its contract."""

    code = "unreadable"


class Misconfigured(ProviderError):
    """Name the setting the provider does not know, such as a currency."""

    code = "misconfigured"
    permanent = True


class BadRequest(ProviderError):
    """Keep the provider's own words about a request we got wrong."""

    code = "bad_request"
    permanent = True


class Incomplete(ProviderError):
    """Report a list whose readings never agreed twice in a row."""

    code = "incomplete"


class ServerError(ProviderError):
    """Report a 5xx that outlived its retries."""

    code = "server_error"


class HostRefused(ProviderError):
    """Report an address the operator has not allowed, or that is not a public one."""

    code = "host_refused"
    permanent = True
