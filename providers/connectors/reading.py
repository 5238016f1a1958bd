"""Put what one scope answered, or the error it met, on record with its times."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from providers.errors import CredentialRejected, ProviderError
from providers.rows import AsOfSource, BalanceRow, ScopeReading, ScopeSeed

if TYPE_CHECKING:
    from providers.http import Client, Reply

NOBODY = ("", "")
_NAMED = re.compile(r"permission:?\s+\W?([a-z_]+[:.][a-z_:.]*[a-z_])")


class Recorder:
    """Make the readings of one run, each with the requests sent since the one before."""

    def __init__(self, http: "Client") -> None:
        self._http = http
        self._counted = http.requests_sent
        self._began_at = _utc_now()

    def read(
        self,
        seed: ScopeSeed,
        replies: "Sequence[Reply]",
        *,
        rows: tuple[BalanceRow, ...] = (),
        found: tuple[ScopeSeed, ...] = (),
        identity: tuple[str, str] = NOBODY,
    ) -> ScopeReading:
        """Record a whole scope; `identity` is the reference and the name of whose key it is.

        Time: it is as old as the oldest of its replies.
        """
        oldest = min(replies, key=lambda reply: reply.as_of)
        return ScopeReading(
            ref=seed.ref,
            kind=seed.kind,
            name=seed.name,
            rows=rows,
            found=found,
            started_at=min(reply.sent_at for reply in replies),
            read_at=max(reply.received_at for reply in replies),
            as_of=oldest.as_of,
            as_of_source=oldest.as_of_source,
            requests=self._requests(),
            identity_ref=identity[0],
            identity_name=identity[1],
        )

    def failed(self, seed: ScopeSeed, error: ProviderError) -> ScopeReading:
        """Record the error a scope met; it holds no row."""
        return self._without_reply(seed, error=error)

    def gone(self, seed: ScopeSeed) -> ScopeReading:
        """Record that the provider knows nothing of this scope any more: read, and empty."""
        return self._without_reply(seed, error=None)

    def _without_reply(self, seed: ScopeSeed, *, error: ProviderError | None) -> ScopeReading:
        """Date a reading by our clock alone: an error carries no reply to date it by."""
        now = _utc_now()
        return ScopeReading(
            ref=seed.ref,
            kind=seed.kind,
            name=seed.name,
            started_at=self._began_at,
            read_at=now,
            as_of=now,
            as_of_source=AsOfSource.RECEIVED,
            error=error,
            requests=self._requests(),
        )

    def _requests(self) -> int:
        sent = self._http.requests_sent
        new, self._counted = sent - self._counted, sent
        return new


def rejected(error: ProviderError, *, permission: str) -> CredentialRejected:
    """Return the 403 that judges the credential itself, with the right that is missing.

    The provider's own word for it is taken from its text when it names one.
    """
    named = _NAMED.search(error.detail)
    missing = named.group(1) if named else permission
    return CredentialRejected(
        f"the key lacks the permission {missing}",
        status=error.status,
        permission=missing,
        request_id=error.request_id,
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)
