"""Say what every connector offers, and what all of them share.

A connector is one file: its fields, one method that asks, and one pure function that turns a
reply into rows. Nothing outside it knows the provider's name.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol
from urllib.parse import urlsplit

from providers.connectors.fields import (
    CredentialField,
    FieldError,
    FieldGroup,
    FieldKind,
    SettingsError,
    parse_fields,
    parse_secrets,
)
from providers.connectors.values import Secret, Values
from providers.connectors.verdict import Step, StepName, Verdict
from providers.phrases import phrase as _
from providers.phrases import phrases as ngettext
from providers.rows import AmountKind, Environment, ScopeReading, ScopeSeed, Wanted

if TYPE_CHECKING:
    from providers.http import Client

__all__ = (
    "Connector",
    "CredentialField",
    "FieldError",
    "FieldGroup",
    "FieldKind",
    "Meaning",
    "Secret",
    "SettingsError",
    "Step",
    "StepName",
    "Values",
    "Verdict",
    "common_fields",
)

INTERVAL = 300
STALE_AFTER = 900


_BASE_URL = CredentialField(
    name="base_url",
    label=_("Base URL"),
    help=_("Leave empty for the provider's own address; change it only when the provider moves."),
    kind=FieldKind.URL,
)
_INTERVAL = CredentialField(
    name="interval",
    label=_("Sync"),
    help=_("From the end of one sync to the next, at least every 60 seconds."),
    kind=FieldKind.INTEGER,
    default=INTERVAL,
    minimum=Decimal(60),
    maximum=Decimal(604_800),
    group=FieldGroup.SCHEDULE,
)
_STALE_AFTER = CredentialField(
    name="stale_after",
    label=_("Mark figures stale after"),
    help=_("A figure not confirmed for this long is marked stale; at least two sync intervals."),
    kind=FieldKind.INTEGER,
    minimum=Decimal(60),
    maximum=Decimal(2_592_000),
    group=FieldGroup.SCHEDULE,
)


def common_fields(*, requests_per_second: Decimal) -> tuple[CredentialField, ...]:
    """Return the fields every provider has, with this provider's pace as the default.

    Time: seconds.
    """
    pace = CredentialField(
        name="requests_per_second",
        label=_("Requests per second"),
        help=_("The pace we keep at most; lower it when the provider throttles."),
        kind=FieldKind.DECIMAL,
        default=str(requests_per_second),
        minimum=Decimal("0.1"),
        maximum=Decimal(50),
        group=FieldGroup.SCHEDULE,
    )
    return (_BASE_URL, _INTERVAL, _STALE_AFTER, pace)


class Meaning(NamedTuple):
    """Explain one amount: the provider's own word for it, and in one sentence what it counts."""

    word: str
    text: str


class Connector(Protocol):
    """Speak to one provider; everything it needs to know about a tenant comes in as values.

    `code` is stored and never changes. `reports` are the amounts the provider really tells.
    `about` says in a line what key it takes and what that reads.
    `hosts` are those a base URL may name without the operator saying so, each with the world it
    serves, `None` where the key alone decides. `legend` explains an
    amount in the provider's words. `burst` calls may follow each other before the pace holds.
    `has_scope_floor` says that one scope, not only the whole, is left alone for a while once read.
    `has_fixed_holders` says that whose money each account holds follows from its kind, and nobody may choose it.
    """

    code: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    fields: ClassVar[tuple[CredentialField, ...]]
    reports: ClassVar[frozenset[AmountKind]]
    default_base_url: ClassVar[Mapping[Environment, str]]
    hosts: ClassVar[Mapping[str, Environment | None]]
    legend: ClassVar[Mapping[AmountKind, Meaning]]
    burst: ClassVar[int] = 1
    has_scope_floor: ClassVar[bool] = False
    has_fixed_holders: ClassVar[bool] = False

    def parse_settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings as they are stored, plain JSON values with defaults filled in.

        Reading stored settings again gives the same.
        Raises: SettingsError, with a message per field; unknown names are refused.
        """
        settings = parse_fields(self.fields, raw, label=self.label)
        settings["stale_after"] = settings["stale_after"] or max(
            STALE_AFTER, 2 * settings["interval"]
        )
        return settings

    def parse_secrets(self, raw: Mapping[str, str]) -> dict[str, str]:
        """Return the secrets, trimmed and fit for a header.

        Raises: SettingsError, never with a value in it.
        """
        return parse_secrets(self.fields, raw, label=self.label)

    def values(
        self, settings: Mapping[str, Any], *, secrets: Mapping[str, str | Secret] | None = None
    ) -> Values:
        """Type stored settings for this connector's methods."""
        return Values(self.fields, settings=settings, secrets=secrets)

    def base_url(self, values: Values, *, environment: Environment) -> str:
        """Return the address to ask: the one entered, else the environment's own."""
        return str(values["base_url"]) or self.default_base_url[environment]

    def environment_of(self, secrets: Mapping[str, str | Secret]) -> Environment | None:
        """Return the environment the key itself names, `None` when its text does not say."""
        return None

    def world_of(self, values: Values) -> Environment | None:
        """Return the environment that the base URL entered serves, `None` when its host does not say."""
        return self.hosts.get(urlsplit(str(values["base_url"])).hostname or "")

    def client_options(self, values: Values) -> dict[str, Any]:
        """Return headers and pace for the client of one run."""
        return {
            "headers": self.headers(values),
            "requests_per_second": float(values["requests_per_second"]),
            "burst": self.burst,
        }

    def watch_note(self, values: Values) -> str:
        """Say what is watched and what is unknown to us, `""` when the provider lists everything."""
        return ""

    def unread_note(self, parts: int) -> str:
        """Say what is unknown while so many scopes were never read."""
        return ngettext(
            "%(n)d part was never read: what it holds is unknown",
            "%(n)d parts were never read: what they hold is unknown",
            parts,
            n=parts,
        )

    def headers(self, values: Values) -> dict[str, str]:
        """Return the headers of every call, the secret among them."""
        ...

    def scopes(self, values: Values) -> tuple[ScopeSeed, ...]:
        """Return the scopes that the settings alone name."""
        ...

    def verify(self, http: "Client", values: Values) -> Verdict:
        """Read as little as proves host, key, permission and answer; never raises ProviderError."""
        ...

    def fetch_scopes(
        self, http: "Client", values: Values, wanted: Wanted
    ) -> Iterator[ScopeReading]:
        """Yield one reading per wanted scope as it is read; ends after an error that stops the run."""
        ...
