from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from balances.results import Context, gaps
from providers.models import ScopeKind
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn

NEVER: dict[str, Any] = {"read_at": None, "as_of": None}


def unread(tenant: Tenant) -> list[str]:
    return [gap.unread for gap in gaps(Context.load(tenant, now=NOW)) if gap.unread]


def test_parts_never_read_are_counted_where_no_row_speaks_of_them(
    acme: Tenant, globex: Tenant
) -> None:
    wallets = make_credential(acme, provider="swipelux", name="Wallets")
    make_balance(wallets)
    make_balance(wallets, scope=make_scope(wallets, **NEVER))
    make_scope(wallets, **NEVER)
    make_scope(wallets, closed_at=NOW, **NEVER)
    make_scope(make_credential(globex, provider="swipelux"), **NEVER)

    assert unread(acme) == ["Wallets: 1 customer was never read: what it holds is unknown"]
    make_scope(wallets, **NEVER)
    assert unread(acme) == ["Wallets: 2 customers were never read: what they hold is unknown"]


def test_a_credential_of_which_nothing_was_read_says_so_and_a_retired_one_does_not(
    acme: Tenant,
) -> None:
    make_credential(acme, name="New")
    make_credential(acme, name="Old", retired_at=NOW)
    listed = make_credential(acme, provider="swipelux", name="Listed")
    make_scope(listed, kind=ScopeKind.LISTING, **NEVER)

    whole = "nothing of it was read yet: what it holds is unknown"
    assert sorted(unread(acme)) == [f"Listed: {whole}", f"New: {whole}"]


@pytest.mark.parametrize("path", ["/acme/", "/acme/balances/", "/acme/balances/?currency=USD"])
def test_pages_say_what_was_never_read_and_what_is_not_watched(
    acme: Tenant, bob: User, sign_in: SignIn, path: str
) -> None:
    watched = {"currencies": ["USD", "EUR"], "customer_ids": ["cust_1"]}
    make_balance(make_credential(acme, provider="payman", name="Treasury", settings=watched))
    make_scope(make_credential(acme, provider="swipelux", name="Wallets"), **NEVER)

    page = Screen(sign_in(bob).get(path)).text("//main")

    assert "Wallets: 1 customer was never read: what it holds is unknown." in page
    assert (
        "Treasury. Payman: 2 currencies and 1 customer are watched; others are unknown to us."
        in page
    )


def test_the_cover_of_a_workbook_says_both(acme: Tenant, alice: User, sign_in: SignIn) -> None:
    chosen = {"customer_ids": ["c-1"]}
    wallets = make_credential(acme, provider="swipelux", name="Wallets", settings=chosen)
    make_balance(wallets)
    make_scope(wallets, **NEVER)

    answer = sign_in(alice).get("/acme/balances.xlsx")
    cover = load_workbook(BytesIO(answer.getvalue()))["About"]

    unknown = [row[1] for row in cover.iter_rows(values_only=True) if row[0] == "Unknown"]
    assert unknown == [
        "Wallets: 1 customer was never read: what it holds is unknown",
        "Wallets. Swipelux: 1 chosen customer is watched; others are unknown to us",
    ]
