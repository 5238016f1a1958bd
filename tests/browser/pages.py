"""Name every page there is, and open the door to it."""

from collections.abc import Iterator

from django.test import Client

from balances.models import Balance
from providers.models import Credential, SyncRun
from providers.tenancy.models import Membership, User
from tests.conftest import Walk
from tests.sync.worlds import PROVIDERS

LIST = "/acme/balances/"
WIDTHS, THEMES = (1440, 1024, 390), ("light", "dark")


def addresses() -> Iterator[tuple[str, int]]:
    """Give every page an admin may see, with the status it answers."""
    balance = Balance.unscoped.filter(currency="USDC")[0]
    runs = {run.status: run for run in SyncRun.unscoped.all()}
    member = Membership.unscoped.get(user__name="Bob")
    for path in (
        *("/acme/", "/acme/?history=USD&range=7", LIST, f"{LIST}?currency=USDC&sort=-available"),
        *(f"{LIST}?group_by=currency", f"{LIST}?currency=KWD&q=nothing", "/acme/sync-runs/"),
        f"{LIST}?columns=account_name,ledger,state,fetched_at,owner_name,address,credential,id",
        f"{LIST}{balance.public_id}/",
        *(f"/acme/sync-runs/{run.public_id}/" for run in runs.values()),
        *("/acme/sync-runs/under-way/", "/acme/sync-runs/?page=99", "/acme/providers/"),
        *(f"/acme/providers/add/{provider}/" for provider in PROVIDERS),
        *(f"/acme/providers/{saved.public_id}/" for saved in Credential.unscoped.all()),
        *("/acme/people/", "/acme/people/invite/", "/acme/activity/", "/account/"),
        *(f"/acme/people/{member.public_id}/{what}/" for what in ("role", "deactivate")),
        *("/accounts/password/change/", "/accounts/logout/"),
    ):
        yield path, 200
    for refused in (LIST, "/acme/balances.csv"):
        yield f"{refused}?available__gte=plenty", 422
    yield f"{LIST}?currency=US$&state=lost&sort=colour&columns=colour&page=0&per_page=201", 422
    yield "/acme/activity/?from=2026-11-20&to=2026-11-01", 422
    yield f"{LIST}nothing/", 404


def let_in(walk: Walk, user: User) -> None:
    """Give the tab the session of somebody signed in."""
    client = Client()
    client.force_login(user)
    for name, morsel in client.cookies.items():
        walk.page.context.add_cookies([{"name": name, "value": morsel.value, "url": walk.url}])
