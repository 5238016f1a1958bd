"""Turn Payman's answers into rows, and its error codes into ours; nothing here asks."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from providers.connectors.wire import row
from providers.errors import Misconfigured, NotFound, ProviderError
from providers.http import Amount, Ref, Reply, Request, decode_json, segment
from providers.rows import AccountKind, BalanceRow, ExpectedRow, ScopeKind, ScopeSeed

AGENT = "agent"

_NAMES = {"available": "data"}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Name whose balance one call reads; `customer` is "" for the agent itself."""

    customer: str
    currency: str

    @property
    def ref(self) -> str:
        """Return the scope's reference."""
        who = f"customer:{self.customer}" if self.customer else AGENT
        return f"{who}:{self.currency}"

    @property
    def seed(self) -> ScopeSeed:
        """Return the scope, with the row that exists before its first answer."""
        kind = AccountKind.CUSTOMER if self.customer else AccountKind.AGENT
        expected = ExpectedRow(
            account_ref=self.customer or AGENT, account_kind=kind, currency=self.currency
        )
        name = f"{self.customer or 'Agent'} in {self.currency}"
        return ScopeSeed(ref=self.ref, kind=ScopeKind.BALANCES, name=name, expects=(expected,))

    def request(self, *, customer_path: str) -> Request:
        """Return the call; the two generations of customer paths differ."""
        currency = f"currencies/{segment(self.currency)}"
        if not self.customer:
            return Request(f"/balances/{currency}", tag=self.ref)
        if customer_path == "accounts":
            path = f"/accounts/balances/{currency}"
            return Request(path, params={"customerId": self.customer}, tag=self.ref)
        return Request(f"/balances/customers/{segment(self.customer)}/{currency}", tag=self.ref)


class Identity(msgspec.Struct, rename="camel", kw_only=True):
    """Hold whose secret it is, as `/me` says."""

    agent_id: Ref
    handle: str
    name: str


class _Envelope(msgspec.Struct):
    data: Amount


class _Fault(msgspec.Struct, rename="camel"):
    error_code: str = ""
    code: str = ""


NOBODY = Identity(agent_id="", handle="", name="")


def balance_row(reply: Reply, *, subject: Subject, identity: Identity) -> BalanceRow:
    """Turn one answer into one row.

    Raises: Unreadable, when the body is no amount: a bare number, the same as a JSON string, or
    either in the envelope that one page of Payman's shows.
    """
    return row(
        place="$",
        names=_NAMES,
        account_ref=subject.customer or AGENT,
        account_kind=AccountKind.CUSTOMER if subject.customer else AccountKind.AGENT,
        currency=subject.currency,
        available=_amount(reply),
        pending=None,
        ledger=None,
        as_of=None,
        owner_ref=subject.customer or identity.agent_id,
        owner_name="" if subject.customer else identity.name,
    )


def _amount(reply: Reply) -> Decimal:
    if reply.body.lstrip().startswith(b"{"):
        return reply.decode(_Envelope).data
    return reply.decode(Amount)


def scope_error(error: ProviderError, *, currency: str) -> ProviderError:
    """Return what an error means for one scope: Payman's own code decides before the status."""
    code = _error_code(error.body)
    if code == "invalid_currency":
        return Misconfigured(
            f"Payman does not know {currency}",
            field="currencies",
            status=error.status,
            request_id=error.request_id,
        )
    if code in ("customer_not_found", "entity_not_found") and not isinstance(error, NotFound):
        return NotFound(error.detail, status=error.status, request_id=error.request_id)
    return error


def _error_code(body: bytes) -> str:
    try:
        fault = decode_json(body, _Fault)
    except ProviderError:
        return ""
    return fault.error_code or fault.code
