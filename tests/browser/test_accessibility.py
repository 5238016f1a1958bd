"""Ask axe-core about every page, each menu open once: WCAG A and AA and best practice, both ends, both themes."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from balances import tasks
from balances.models import Balance
from providers.models import SyncRun
from providers.simulator.server import Simulator
from providers.tenancy.models import Membership, Tenant, User
from tests.conftest import Walk
from tests.sync.worlds import PROVIDERS, connect

pytestmark = pytest.mark.django_db(transaction=True)

AXE = Path(__file__).parent / "vendor/axe-core/axe-4.14.1.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
ASK = """async (tags) => (await axe.run(document, {
    runOnly: {type: 'tag', values: tags}, rules: {'target-size': {enabled: true}}, resultTypes: ['violations'],
})).violations.flatMap((v) => v.nodes.map((n) => [v.id, n.target.join(' '), n.failureSummary]))"""
FRAMES = tuple(itertools.product((1440, 390), ("light", "dark")))
LIST = "/acme/balances/"


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
        f"/acme/providers/{balance.account.credential.public_id}/",
        *("/acme/people/", "/acme/people/invite/", "/acme/activity/", "/account/"),
        *(f"/acme/people/{member.public_id}/{what}/" for what in ("role", "deactivate")),
        *("/accounts/password/change/", "/accounts/logout/"),
    ):
        yield path, 200
    for refused in (LIST, "/acme/balances.csv"):
        yield f"{refused}?available__gte=plenty", 422
    yield f"{LIST}nothing/", 404


@pytest.fixture
def filled(acme: Tenant, simulator: Simulator, settings: Any, bob: User) -> Simulator:
    """Read acme's three providers once, and one of them in vain."""
    settings.POLL_FLOOR_SECONDS = 0
    credentials = [connect(acme, simulator, slot) for slot in PROVIDERS]
    for credential in credentials:
        tasks.sync(credential.pk)
    simulator.fault("status", provider="payiano", status=503)
    tasks.sync(credentials[1].pk)
    return simulator


def let_in(walk: Walk, user: User) -> None:
    """Give the tab the session of somebody signed in."""
    client = Client()
    client.force_login(user)
    for name, morsel in client.cookies.items():
        walk.page.context.add_cookies([{"name": name, "value": morsel.value, "url": walk.url}])


def show(page: Page, path: str, status: int, frame: tuple[int, str]) -> None:
    """Open a page in one width and theme, with axe beside it."""
    width, theme = frame
    page.set_viewport_size({"width": width, "height": 900})
    scheme: Any = theme
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status, path
    page.evaluate(AXE.read_text())


def faults(page: Page, where: str) -> list[str]:
    """Return what axe finds against the page as it stands."""
    found = page.evaluate(ASK, TAGS)
    return [f"{where}: {rule} at {at}: {why}" for rule, at, why in found]


def open_each(page: Page, where: str, known: set[str]) -> list[str]:
    """Return what axe finds with each menu open that was not seen open before."""
    found = []
    for name, summary in [
        (" ".join((summary.text_content() or "").split()), summary)
        for summary in page.query_selector_all("details:not([open]) > summary")
        if summary.is_visible()
    ]:
        if name not in known:
            known.add(name)
            summary.evaluate("summary => summary.parentElement.open = true")
            found += faults(page, f"{where}, {name} open")
            summary.evaluate("summary => summary.parentElement.open = false")
    return found


def walk_through(
    page: Page, pages: Iterable[tuple[str, int]], count: Callable[[int], int]
) -> list[str]:
    """Ask about every page in all frames, or each in the next of them where a tenth will do."""
    found = []
    known: dict[tuple[int, str], set[str]] = {frame: set() for frame in FRAMES}
    for turn, (path, status) in enumerate(pages):
        for step in range(count(len(FRAMES))):
            frame = FRAMES[(turn + step) % len(FRAMES)]
            where = f"{path} at {frame[0]} {frame[1]}"
            show(page, path, status, frame)
            found += faults(page, where) + open_each(page, where, known[frame])
    return found


def test_axe_finds_nothing_on_any_page_of_an_admin(
    walk: Walk, filled: Simulator, alice: User, count: Callable[[int], int]
) -> None:
    let_in(walk, alice)
    found = walk_through(walk.page, addresses(), count)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_where_a_role_ends(
    walk: Walk, bob: User, count: Callable[[int], int]
) -> None:
    let_in(walk, bob)
    pages = [("/acme/", 200), (LIST, 200), ("/acme/people/invite/", 403), ("/globex/", 404)]
    found = walk_through(walk.page, pages, count)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_at_the_door(
    walk: Walk, acme: Tenant, count: Callable[[int], int]
) -> None:
    pages = [("/accounts/login/", 200), ("/accounts/password/reset/", 200)] * 2
    found = walk_through(walk.page, pages, count)
    assert not found, "\n".join(found)

    walk.page.goto("/accounts/login/")
    walk.page.get_by_label("E-mail").fill("nobody@acme.example")
    walk.page.get_by_label("Password", exact=True).fill("wrong")
    walk.page.get_by_role("button", name="Sign in").click()
    walk.page.get_by_role("alert").wait_for()
    walk.page.evaluate(AXE.read_text())
    assert faults(walk.page, "sign-in refused") == []
