"""Hold what a question needs to know beside itself: now, the credentials of its tenant, the providers there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class CredentialFacts:
    """Hold what a question needs to know of one credential.

    Units: `stale_after` in seconds.
    """

    id: int
    public_id: str
    provider: str
    environment: str
    name: str
    stale_after: int
    is_paused: bool
    is_retired: bool
    is_failing: bool


@dataclass(frozen=True)
class Facts:
    """Hold what a question needs to know of its tenant: now, its credentials, the providers there are."""

    now: datetime
    credentials: tuple[CredentialFacts, ...]
    providers: frozenset[str]

    @cached_property
    def cutoffs(self) -> Mapping[int, datetime]:
        """Return per credential the instant before which a reading is stale."""
        return {c.id: self.now - timedelta(seconds=c.stale_after) for c in self.credentials}

    def ids(self, wanted: Callable[[CredentialFacts], bool]) -> list[int]:
        """Return the keys of the credentials wanted."""
        return [credential.id for credential in self.credentials if wanted(credential)]
