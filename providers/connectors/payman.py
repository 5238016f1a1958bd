"""Read Payman's spendable balances over its older REST surface, one number a call.

Source: Payman's generated SDKs (paymanai 2.0.0 to 2.7.0) and the openapi.json of its
documentation repository (2024-10-18 to 2025-03-17), as restated in our Payman contract; read
on 2026-11-20.

========================================  =========================================
what Payman sends                         BalanceRow
========================================  =========================================
``agent``, or the customer id configured  account_ref (AGENT, CUSTOMER)
currency in the path                      currency
the body, a number in natural units       available
nothing                                   pending, ledger: None, never derived
``agentId``, ``name`` of /me              owner_ref, owner_name of the agent
the customer id                           owner_ref of a customer
``Date`` header                           as_of of the reading; rows have none
========================================  =========================================

Payman lists neither customers nor currencies: what is not configured is unknown to us. Whether
the agent's figure contains its customers' money is not documented, so they share no holder.
"""

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from providers.connectors import verdict
from providers.connectors.base import (
    Connector,
    CredentialField,
    FieldGroup,
    FieldKind,
    Meaning,
    Values,
    Verdict,
    common_fields,
)
from providers.connectors.payman_replies import (
    NOBODY,
    Identity,
    Subject,
    balance_row,
    scope_error,
)
from providers.connectors.reading import Recorder, rejected
from providers.errors import Forbidden, NotFound, ProviderError
from providers.phrases import phrase as _
from providers.phrases import phrases as ngettext
from providers.rows import AmountKind, BalanceRow, Environment, ScopeReading, ScopeSeed, Wanted

if TYPE_CHECKING:
    from providers.http import Client, Reply

ACCEPT = "application/vnd.payman.v1+json"
PERMISSION = "to read balances"
TOKEN_HELP = _(
    "Copy the API secret again, or make a new one, in Payman's dashboard under the agent's API keys."
)


class Payman(Connector):
    """Read the agent and the configured customers, each in every configured currency."""

    code = "payman"
    label = "Payman"
    about = _(
        "API secret; client id and secret only for the assistant. Reads the agent and the customers you list."
    )
    reports = frozenset({AmountKind.AVAILABLE})
    has_fixed_holders = True  # an agent's figure may contain its customers'
    default_base_url: ClassVar = {
        Environment.LIVE: "https://agent.payman.ai/api",
        Environment.SANDBOX: "https://agent-sandbox.payman.ai/api",
    }
    hosts: ClassVar = {
        "agent.payman.ai": Environment.LIVE,
        "agent-sandbox.payman.ai": Environment.SANDBOX,
    }
    legend: ClassVar = {
        AmountKind.AVAILABLE: Meaning(
            _("Spendable"),
            _(
                "received and verified, not reserved for tasks; "
                "spend limits may hold it below the money held"
            ),
        )
    }
    fields = (
        CredentialField(
            name="api_secret",
            label=_("API secret"),
            help=_(
                "Made in Payman's dashboard for one agent, and shown there once. It begins with YWd0L. "
                "It needs the right %(permission)s and no other.",
                permission=PERMISSION,
            ),
            kind=FieldKind.SECRET,
            required=True,
            missing=_("Paste the API secret."),
        ),
        CredentialField(
            name="currencies",
            label=_("Currencies"),
            help=_(
                "Payman cannot list them: enter every code to read, such as USD, USDC; TSD is test money."
            ),
            kind=FieldKind.LIST,
            required=True,
            missing=_("Enter at least one currency, such as USD."),
            placeholder="USD, USDC",
            group=FieldGroup.WATCH,
            is_upper=True,
            pattern="[A-Z0-9]{2,12}",
            pattern_help=_("A currency is 2 to 12 letters or digits."),
        ),
        CredentialField(
            name="customer_ids",
            label=_("Customers"),
            help=_(
                "Payman cannot list them: enter the ids you gave your customers, or Payman's own; may be empty."
            ),
            kind=FieldKind.LIST,
            placeholder="cust_123, buyer@example.com",
            group=FieldGroup.WATCH,
            # The agent's own balance goes by this word.
            pattern="(?!agent$).{1,64}",
            pattern_help=_("At most 64 characters, and not the word agent."),
        ),
        CredentialField(
            name="customer_path",
            label=_("Customer path"),
            help=_(
                "Which generation of Payman's API reads a customer; change it when customers are not found."
            ),
            kind=FieldKind.CHOICE,
            default="v1",
            choices=(
                ("v1", "/balances/customers/…"),
                ("accounts", "/accounts/balances/…?customerId="),
            ),
        ),
        *common_fields(requests_per_second=Decimal(10)),
    )

    def headers(self, values: Values) -> dict[str, str]:
        """Return the secret, and the media type that selects the API's version."""
        return {"x-payman-api-secret": values["api_secret"].reveal(), "Accept": ACCEPT}

    def scopes(self, values: Values) -> tuple[ScopeSeed, ...]:
        """Return the agent and each customer, in each currency."""
        return tuple(subject.seed for subject in _subjects(values))

    def watch_note(self, values: Values) -> str:
        """Count what is configured; nothing else is known to us."""
        return _(
            "Payman: %(currencies)s and %(customers)s are watched; others are unknown to us",
            currencies=_currencies(len(values["currencies"])),
            customers=_customers(len(values["customer_ids"])),
        )

    def verify(self, http: "Client", values: Values) -> Verdict:
        """Ask whose secret it is, then the agent's balance in each currency."""
        identity, rows = NOBODY, []
        try:
            identity = _identify(http)
            for currency in values["currencies"]:
                rows.append(_read_agent(http, currency=currency, identity=identity))
        except ProviderError as error:
            return verdict.failed(
                error,
                permission=PERMISSION,
                token_help=TOKEN_HELP,
                identity_ref=identity.agent_id,
                identity_name=identity.name,
                token_proven=bool(identity.agent_id or rows),
            )
        return verdict.passed(
            identity_ref=identity.agent_id, identity_name=identity.name, rows=tuple(rows)
        )

    def fetch_scopes(
        self, http: "Client", values: Values, wanted: Wanted
    ) -> Iterator[ScopeReading]:
        """Yield one reading per subject and currency.

        A 403 is one scope's; when every scope of a whole run meets it, the last says that the
        credential is rejected.
        """
        recorder, owner = Recorder(http), _Owner(http)
        subjects = {each.ref: each for each in _subjects(values) if wanted.wants(each.ref)}
        is_whole = len(subjects) == len(_subjects(values))
        path = values["customer_path"]
        requests = [each.request(customer_path=path) for each in subjects.values()]
        refused = 0
        for request, outcome in http.each(requests):
            subject = subjects[request.tag]
            reading = _reading(subject, outcome, recorder=recorder, owner=owner)
            refused += isinstance(reading.error, Forbidden)
            if reading.error and is_whole and refused == len(subjects):
                error = rejected(reading.error, permission=PERMISSION)
                reading = dataclasses.replace(reading, error=error)
            yield reading
            if reading.error is not None and reading.error.stops_run:
                return


class _Owner:
    """Ask once a run whose secret it is, and only after a balance was read with it."""

    def __init__(self, http: "Client") -> None:
        self._http = http
        self._identity: Identity | None = None

    def identity(self) -> Identity:
        """Return the agent's identity, unknown where it is not told: no failure of it fails a balance."""
        if self._identity is None:
            try:
                self._identity = _identify(self._http)
            except ProviderError:
                self._identity = NOBODY
        return self._identity


def _subjects(values: Values) -> list[Subject]:
    return [
        Subject(customer=customer, currency=currency)
        for customer in ("", *values["customer_ids"])
        for currency in values["currencies"]
    ]


def _reading(
    subject: Subject, outcome: "Reply | ProviderError", *, recorder: Recorder, owner: _Owner
) -> ScopeReading:
    if isinstance(outcome, ProviderError):
        return recorder.failed(subject.seed, scope_error(outcome, currency=subject.currency))
    identity = owner.identity()
    try:
        found = balance_row(outcome, subject=subject, identity=identity)
    except ProviderError as error:
        return recorder.failed(subject.seed, error)
    told = (identity.agent_id, identity.name)
    return recorder.read(subject.seed, [outcome], rows=(found,), identity=told)


def _read_agent(http: "Client", *, currency: str, identity: Identity) -> BalanceRow:
    """Read one balance for a test.

    Raises: ProviderError.
    """
    subject = Subject(customer="", currency=currency)
    try:
        reply = http.get(subject.request(customer_path="v1").path)
    except ProviderError as error:
        raise scope_error(error, currency=currency) from None
    return balance_row(reply, subject=subject, identity=identity)


def _identify(http: "Client") -> Identity:
    """Ask `/me`; an older server without it must at least answer `/version`.

    Raises: ProviderError.
    """
    try:
        return http.get("/me").decode(Identity)
    except NotFound:
        http.get("/version").decode(dict[str, Any])
    return NOBODY


def _currencies(n: int) -> str:
    return ngettext("%(n)d currency", "%(n)d currencies", n, n=n)


def _customers(n: int) -> str:
    return ngettext("%(n)d customer", "%(n)d customers", n, n=n)
