"""Read Payiano's balances: one list, one balance per currency of the merchant.

Source: docs.payiano.com/api/rest/v1/company/payment/balances/list and .../company/app/whoami,
as restated in our Payiano contract; read on 2026-11-20.

=============================  ====================================================
what Payiano sends             BalanceRow
=============================  ====================================================
items[].id                     account_ref (MERCHANT)
items[].currency_code          currency
items[].available_amount       available
items[].pending_amount         pending
both                           ledger = available + pending: separate buckets
app.id, app.name of whoami     owner_ref, owner_name; "" when whoami does not answer,
                               where the ingest puts the credential's own name
``Date`` header                as_of of the reading; rows have none, there is no field
=============================  ====================================================

Amounts are JSON numbers in natural units, integers when whole; one with more than two decimals
is kept as sent and flagged, whatever its currency. Of the paging fields all four are checked: the
totals are believed, the page that came must be the one that was asked for and hold no more than
it says, and a page size that changes on the way makes the list be read again.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import msgspec

from providers.connectors import verdict
from providers.connectors.base import (
    Connector,
    CredentialField,
    FieldKind,
    Meaning,
    Values,
    Verdict,
    common_fields,
)
from providers.connectors.paging import Page, read_settled
from providers.connectors.reading import Recorder, rejected
from providers.connectors.wire import add, row
from providers.errors import Forbidden, Incomplete, NotFound, ProviderError
from providers.http import AmountNumber, Ref, Reply
from providers.money import places
from providers.phrases import phrase as _
from providers.rows import (
    AccountKind,
    AmountKind,
    BalanceRow,
    Environment,
    Flag,
    ScopeKind,
    ScopeReading,
    ScopeSeed,
    Wanted,
)

if TYPE_CHECKING:
    from providers.http import Client

SCOPE = ScopeSeed(ref="account", kind=ScopeKind.BALANCES, name="Account")
PER_PAGE = 200
DECIMALS = 2
PERMISSION = "payment.balances.view"
TOKEN_HELP = _(
    "Make a new access token in Payiano's dashboard under Applications, and copy it whole."
)

_NAMES = {
    "account_ref": "id",
    "currency": "currency_code",
    "available": "available_amount",
    "pending": "pending_amount",
    "ledger": "available_amount + pending_amount",
}


class Item(msgspec.Struct):
    """Hold one balance of the list. Units: natural."""

    id: Ref
    currency_code: str
    available_amount: AmountNumber
    pending_amount: AmountNumber


class ItemPage(msgspec.Struct):
    """Hold one page of the list, with what it says of the whole."""

    per_page: int
    total_pages: int
    total_items: int
    current_page: int
    items: list[Item]


class App(msgspec.Struct):
    """Hold the application the token belongs to."""

    id: Ref
    name: str


class _Whoami(msgspec.Struct):
    app: App


NOBODY = App(id="", name="")


# An item, and where it stands in its answer.
Placed = tuple[Item, str]


def page_of(reply: Reply, *, page: int, offset: int, asked: int = PER_PAGE) -> Page[Placed]:
    """Take one page of the list apart.

    Raises: Unreadable, naming index and field; Incomplete, when another page came.
    """
    body = reply.decode(ItemPage)
    if body.current_page != page:
        raise Incomplete(f"page {page} was asked for, page {body.current_page} came")
    if len(body.items) > body.per_page:
        raise Incomplete(f"a page of {body.per_page} holds {len(body.items)} items")
    received = offset + len(body.items)
    return Page(
        items=tuple((each.id, (each, f"$.items[{n}]")) for n, each in enumerate(body.items)),
        totals=(body.total_pages, body.total_items, body.per_page),
        promised=body.total_items,
        # The server may clamp the page size or count its pages wrongly: both totals must be met.
        more=page < body.total_pages or received < body.total_items,
        asked=asked,
        reply=reply,
    )


def balance_rows(placed: Iterable[Placed], *, app: App) -> tuple[BalanceRow, ...]:
    """Turn the list's items into rows of the application's owner.

    Raises: Unreadable, naming index and field.
    """
    return tuple(
        row(
            place=place,
            names=_NAMES,
            account_ref=item.id,
            account_kind=AccountKind.MERCHANT,
            currency=item.currency_code,
            available=item.available_amount,
            pending=item.pending_amount,
            ledger=add(item.available_amount, item.pending_amount),
            as_of=None,
            owner_ref=app.id,
            owner_name=app.name,
            flags=_flags(item),
        )
        for item, place in placed
    )


def _flags(item: Item) -> frozenset[Flag]:
    """Mark more decimals than Payiano's amounts have, even where the currency has three."""
    amounts = (item.available_amount, item.pending_amount)
    has_more = any(places(amount) > DECIMALS for amount in amounts)
    return frozenset({Flag.MORE_DECIMALS}) if has_more else frozenset()


class Payiano(Connector):
    """Read the one list of the merchant's balances."""

    code = "payiano"
    label = "Payiano"
    about = _("Access token. Reads every balance it can see.")
    reports = frozenset(AmountKind)
    default_base_url: ClassVar = {
        Environment.LIVE: "https://api.payiano.com/v1",
        Environment.SANDBOX: "https://api.payiano.dev/v1",
    }
    hosts: ClassVar = {
        "api.payiano.com": Environment.LIVE,
        "api.payiano.dev": Environment.SANDBOX,
    }
    legend: ClassVar = {
        AmountKind.AVAILABLE: Meaning(
            _("Available"), _("can be withdrawn, transferred or paid out now")
        ),
        AmountKind.PENDING: Meaning(_("Pending"), _("still to be collected")),
        AmountKind.LEDGER: Meaning(_("Ledger"), _("available and pending together")),
    }
    burst = 5
    fields = (
        CredentialField(
            name="access_token",
            label=_("Access token"),
            help=_(
                "Made in Payiano's dashboard (my.payiano.com; sandbox: my.payiano.dev) under Applications. "
                "Tick %(permission)s; to re-check single balances also balances_view. "
                "Tick nothing that writes.",
                permission=PERMISSION,
            ),
            kind=FieldKind.SECRET,
            required=True,
            missing=_("Paste the access token."),
        ),
        CredentialField(
            name="list_path",
            label=_("List path"),
            help=_("Where the list of balances lies below the base URL."),
            default="/payment/balances",
            pattern=r"(/[\w.~-]+)+",
            pattern_help=_("Enter a path such as /payment/balances."),
        ),
        CredentialField(
            name="retrieve_path",
            label=_("Retrieve path"),
            help=_("Where one balance lies below the base URL, with {id} for its id."),
            default="/balances/{id}",
            pattern=r"(/[\w.~-]+)*/\{id\}",
            pattern_help=_("Enter a path such as /balances/{id}."),
        ),
        *common_fields(requests_per_second=Decimal(2)),
    )

    def headers(self, values: Values) -> dict[str, str]:
        """Return the bearer token."""
        token = values["access_token"].reveal()
        return {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def scopes(self, values: Values) -> tuple[ScopeSeed, ...]:
        """Return the one scope: the whole account."""
        return (SCOPE,)

    def verify(self, http: "Client", values: Values) -> Verdict:
        """Ask whose token it is, then for one balance, which alone proves the permission."""
        app = NOBODY
        try:
            app = _whoami(http)
            first = _ask(http, values, page=1, offset=0, per_page=1)
            if first.more:
                first = _ask(http, values, page=1, offset=0)
            rows = balance_rows((each for _, each in first.items), app=app)
        except ProviderError as error:
            return verdict.failed(
                error,
                permission=PERMISSION,
                token_help=TOKEN_HELP,
                identity_ref=app.id,
                identity_name=app.name,
                token_proven=app is not NOBODY,
            )
        return verdict.passed(identity_ref=app.id, identity_name=app.name, rows=rows)

    def fetch_scopes(
        self, http: "Client", values: Values, wanted: Wanted
    ) -> Iterator[ScopeReading]:
        """Yield the one reading of all pages, read again while they contradict each other."""
        if not wanted.wants(SCOPE.ref):
            return
        recorder = Recorder(http)
        known = wanted.account_refs.get(SCOPE.ref, frozenset())
        try:
            listing = read_settled(
                lambda page, offset: _ask(http, values, page=page, offset=offset), known=known
            )
            app = _named(http)
            rows = balance_rows(listing.items.values(), app=app)
        except Forbidden as error:
            yield recorder.failed(SCOPE, rejected(error, permission=PERMISSION))
        except ProviderError as error:
            yield recorder.failed(SCOPE, error)
        else:
            told = (app.id, app.name)
            yield recorder.read(SCOPE, listing.replies, rows=rows, identity=told)


def _ask(
    http: "Client", values: Values, *, page: int, offset: int, per_page: int = PER_PAGE
) -> Page[Placed]:
    """Ask for one page. Raises: ProviderError."""
    params = {"page": page, "per_page": per_page}
    reply = http.get(values["list_path"], params=params)
    return page_of(reply, page=page, offset=offset, asked=per_page)


def _whoami(http: "Client") -> App:
    """Ask whose token it is; a server that does not say leaves it open. Raises: ProviderError."""
    try:
        return http.get("/app/whoami").decode(_Whoami).app
    except (Forbidden, NotFound):
        return NOBODY


def _named(http: "Client") -> App:
    """Ask for the owner's name, which is a name only: no failure of it fails the balances."""
    try:
        return _whoami(http)
    except ProviderError:
        return NOBODY
