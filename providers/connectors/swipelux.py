"""Read Swipelux v1: the platform's customers, and what each one's wallets hold.

Source: docs.swipelux.com/balances and the generated v1 reference (/customers/get-all,
/customers/get-balance), as restated in our Swipelux contract; read on 2026-11-20.

==============================  =========================================================
what Swipelux sends             BalanceRow
==============================  =========================================================
wallets[].walletId              account_ref (WALLET)
wallets[].balances[].currency   currency
wallets[].balances[].amount     available, ledger; a decimal string in natural units
nothing                         pending: None, v1 knows none
wallets[].network, .address     network, address; addresses are not validated
customerId                      owner_ref
name or e-mail in the list      owner_name
balances[].decimals (W2)        decimals
lastUpdated (W2)                as_of; without W2 the ``Date`` header dates the reading
==============================  =========================================================

``totalBalance`` is a conversion to USD and no holding: it makes no row. W2, the wallet by
itself, is optional and may be gone: its first 404 switches it off for the run.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from providers.connectors import verdict
from providers.connectors.base import (
    Connector,
    CredentialField,
    FieldGroup,
    FieldKind,
    Meaning,
    Secret,
    Values,
    Verdict,
    common_fields,
)
from providers.connectors.paging import Page, read_settled
from providers.connectors.reading import Recorder, rejected
from providers.connectors.swipelux_replies import (
    LISTING,
    PER_PAGE,
    PREFIX,
    Customer,
    balance_rows,
    balances_request,
    customer_page,
    holdings_of,
    seed_of,
    to_read,
)
from providers.connectors.swipelux_wallets import WalletReader
from providers.errors import Forbidden, NotFound, ProviderError
from providers.http import Reply
from providers.phrases import phrase as _
from providers.phrases import phrases as ngettext
from providers.rows import (
    AmountKind,
    BalanceRow,
    Environment,
    ScopeKind,
    ScopeReading,
    ScopeSeed,
    Wanted,
)

if TYPE_CHECKING:
    from providers.http import Client

PERMISSIONS = "customers:read wallets:read balances:read"
TOKEN_HELP = _("Make a new API key in Swipelux's dashboard under API keys, and copy it whole.")
TOKEN_HELD = _("token held in the wallet; may lag a few seconds; pending not reported")
TRIED = 3


class Swipelux(Connector):
    """List the customers, or take those chosen, and read each one's balances."""

    code = "swipelux"
    label = "Swipelux"
    about = _("API key. Reads the wallets of every customer, or of those you choose.")
    reports = frozenset({AmountKind.AVAILABLE, AmountKind.LEDGER})
    default_base_url: ClassVar = dict.fromkeys(Environment, "https://platform.swipelux.com")
    hosts: ClassVar = {
        "platform.swipelux.com": None,
        "platform.sbx.swipelux.com": Environment.SANDBOX,
        "wallet.swipelux.com": None,
    }
    has_scope_floor = True
    legend: ClassVar = dict.fromkeys(reports, Meaning(_("Amount"), TOKEN_HELD))
    fields = (
        CredentialField(
            name="api_key",
            label=_("API key"),
            help=_(
                "Made in Swipelux's dashboard under API keys, and shown there once; it begins with sk.live. or "
                "sk.sbx. Tick %(permissions)s, and nothing that writes.",
                permissions=PERMISSIONS,
            ),
            kind=FieldKind.SECRET,
            required=True,
            missing=_("Paste the API key."),
        ),
        CredentialField(
            name="api_version",
            label=_("API version"),
            help=_("The generation of the API your key belongs to."),
            kind=FieldKind.CHOICE,
            default="v1",
            choices=(("v1", "v1"), ("v3", "v3")),
            unavailable={"v3": _("v3 cannot be read yet; choose v1, which Swipelux still serves.")},
        ),
        CredentialField(
            name="read_wallet_detail",
            label=_("Read each wallet by itself"),
            help=_("Adds the token's decimals and last movement, for one more request per wallet."),
            kind=FieldKind.BOOLEAN,
            default=False,
            group=FieldGroup.WATCH,
        ),
        CredentialField(
            name="customer_ids",
            label=_("Only these customers"),
            help=_("Leave empty to read every customer listed; else enter their ids: cus_abc123."),
            kind=FieldKind.LIST,
            placeholder="cus_abc123, biz_def456",
            group=FieldGroup.WATCH,
            pattern=".{1,64}",
            pattern_help=_("At most 64 characters."),
        ),
        *common_fields(requests_per_second=Decimal(10)),
    )

    def headers(self, values: Values) -> dict[str, str]:
        """Return the key."""
        return {"X-API-Key": values["api_key"].reveal(), "Accept": "application/json"}

    def environment_of(self, secrets: Mapping[str, str | Secret]) -> Environment | None:
        """Read the environment off the key's prefix; older keys do not say."""
        key = secrets.get("api_key", "")
        text = key.reveal() if isinstance(key, Secret) else key
        named = {"sk.live.": Environment.LIVE, "sk.sbx.": Environment.SANDBOX}
        return next((named[each] for each in named if text.startswith(each)), None)

    def scopes(self, values: Values) -> tuple[ScopeSeed, ...]:
        """Return the chosen customers, or the list that names them all."""
        chosen = values["customer_ids"]
        return tuple(map(seed_of, chosen)) if chosen else (LISTING,)

    def watch_note(self, values: Values) -> str:
        """Count the chosen customers; without a choice every listed one is watched."""
        number = len(values["customer_ids"])
        if not number:
            return ""
        return ngettext(
            "Swipelux: %(n)d chosen customer is watched; others are unknown to us",
            "Swipelux: %(n)d chosen customers are watched; others are unknown to us",
            number,
            n=number,
        )

    def unread_note(self, parts: int) -> str:
        """Say how many listed customers were never read."""
        return ngettext(
            "%(n)d customer was never read: what it holds is unknown",
            "%(n)d customers were never read: what they hold is unknown",
            parts,
            n=parts,
        )

    def verify(self, http: "Client", values: Values) -> Verdict:
        """Ask for the list, then for the first customers' balances."""
        environment = self.environment_of({"api_key": values["api_key"]})
        rows: tuple[BalanceRow, ...] = ()
        refs: frozenset[str] = frozenset()
        try:
            seeds = self.scopes(values)
            if seeds == (LISTING,):
                seeds = tuple(each.seed for _, each in _ask_page(http, page=1, offset=0).items)
                refs = frozenset(each.ref for each in seeds)
            for seed in seeds[:TRIED]:
                rows += _customer_rows(http, seed)
                refs |= {seed.ref}
        except ProviderError as error:
            return verdict.failed(
                error,
                permission=PERMISSIONS,
                token_help=TOKEN_HELP,
                environment=environment,
                token_proven=bool(refs),
            )
        detail = "" if seeds else _("The key works; Swipelux lists no customers yet.")
        return verdict.passed(environment=environment, rows=rows, refs=refs, detail=detail)

    def fetch_scopes(
        self, http: "Client", values: Values, wanted: Wanted
    ) -> Iterator[ScopeReading]:
        """Yield the list, then each customer, those newly found and those that left it too."""
        recorder = Recorder(http)
        found: tuple[ScopeSeed, ...] | None = None
        if not values["customer_ids"] and wanted.wants(LISTING.ref):
            reading = _listing(http, wanted, recorder=recorder)
            yield reading
            if reading.error is None:
                found = reading.found
            elif reading.error.stops_run:
                return
        seeds = to_read(self.scopes(values), wanted, found=found or ())
        listed = None if found is None else {each.ref for each in found}
        wallets = WalletReader(http, is_on=values["read_wallet_detail"])
        yield from _customers(http, seeds, listed=listed, wallets=wallets, recorder=recorder)


def _listing(http: "Client", wanted: Wanted, *, recorder: Recorder) -> ScopeReading:
    """Read the whole list of customers, against those known from earlier runs."""
    known = {each.ref for each in wanted.known if each.kind is ScopeKind.BALANCES}
    # A customer without balances here may have left the list long ago: that is no change.
    bare = {ref for ref in known if not wanted.account_refs.get(ref)}
    try:
        listing = read_settled(
            lambda page, offset: _ask_page(http, page=page, offset=offset),
            known=frozenset(ref.removeprefix(PREFIX) for ref in known - bare),
            perhaps=frozenset(ref.removeprefix(PREFIX) for ref in bare),
        )
    except Forbidden as error:
        return recorder.failed(LISTING, rejected(error, permission=PERMISSIONS))
    except ProviderError as error:
        return recorder.failed(LISTING, error)
    found = tuple(each.seed for each in listing.items.values())
    return recorder.read(LISTING, listing.replies, found=found)


def _customers(
    http: "Client",
    seeds: list[ScopeSeed],
    *,
    listed: set[str] | None,
    wallets: WalletReader,
    recorder: Recorder,
) -> Iterator[ScopeReading]:
    """Yield each customer as its answer comes.

    `listed` are the customers on a list read in this run: one that is not there and not found
    by its id has left, and holds nothing any more.
    """
    by_ref = {each.ref: each for each in seeds}
    for request, outcome in http.each(balances_request(each) for each in seeds):
        seed = by_ref[request.tag]
        has_left = listed is not None and seed.ref not in listed
        if isinstance(outcome, NotFound) and has_left:
            yield recorder.gone(seed)
            continue
        yield (reading := _reading(seed, outcome, wallets=wallets, recorder=recorder))
        if reading.error is not None and reading.error.stops_run:
            return


def _reading(
    seed: ScopeSeed, outcome: Reply | ProviderError, *, wallets: WalletReader, recorder: Recorder
) -> ScopeReading:
    if isinstance(outcome, ProviderError):
        return recorder.failed(seed, outcome)
    try:
        held = holdings_of(outcome, customer_id=seed.ref.removeprefix(PREFIX))
        details = wallets.read(held)
        rows = balance_rows(held, owner=seed, details=details)
    except ProviderError as error:
        return recorder.failed(seed, error)
    replies = [outcome, *(each.reply for each in details.values())]
    return recorder.read(seed, replies, rows=rows)


def _customer_rows(http: "Client", seed: ScopeSeed) -> tuple[BalanceRow, ...]:
    """Read one customer for a test. Raises: ProviderError."""
    reply = http.get(balances_request(seed).path)
    wallets = holdings_of(reply, customer_id=seed.ref.removeprefix(PREFIX))
    return balance_rows(wallets, owner=seed, details={})


def _ask_page(http: "Client", *, page: int, offset: int) -> Page[Customer]:
    """Ask for one page, by number and by offset: servers of either generation take theirs.

    Raises: ProviderError.
    """
    params = {"page": page, "limit": PER_PAGE, "offset": offset}
    return customer_page(http.get("/v1/customers", params=params), page=page, offset=offset)
