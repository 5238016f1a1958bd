"""Make rows and balances of known shape, the same at every run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from balances.fields import EXACT
from balances.results import Row
from providers.money import PLACES

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CURRENCIES = {"USD": 2, "EUR": 2, "EGP": 2, "JPY": 0, "USDC": 6, "KWD": 3}


BLANK = Row._make([""] * len(Row._fields))


def amount(random: Random, decimals: int) -> Decimal:
    """Return an amount as databases give it: of the currency's decimals, written with 18 places."""
    return EXACT.scaleb(Decimal(random.randrange(10**11) * 10 ** (PLACES - decimals)), -PLACES)


def rows(number: int) -> Iterator[Row]:
    """Yield so many rows, one after the other, none of which is kept."""
    random = Random(7)
    for index in range(number):
        yield row(index, random)


def row(index: int, random: Random) -> Row:
    """Make one row: a customer's wallet, its reading shared by some hundred others."""
    currency, decimals = list(CURRENCIES.items())[index % len(CURRENCIES)]
    return BLANK._replace(
        public_id=f"{random.getrandbits(128):032x}",
        provider="swipelux",
        provider_label="Swipelux",
        slot=2,
        credential_public_id=f"{index % 7:032x}",
        credential_name=f"Customers {index % 7}",
        environment="LIVE",
        holder="CUSTOMERS",
        counting="LIVE",
        account_key=index,
        account_ref=f"wal_{random.getrandbits(64):016x}",
        account_kind="WALLET",
        account_name=f"Customer {index} & Sons",
        owner_ref=f"cus_{index % 9999}",
        owner_name=f"Owner {index % 9999}",
        network="polygon",
        address=f"0x{random.getrandbits(160):040x}",
        currency=currency,
        decimals=decimals,
        available=amount(random, decimals),
        pending=amount(random, decimals) if index % 3 else None,
        ledger=amount(random, decimals),
        as_of=NOW - timedelta(seconds=index * 7),
        as_of_source="PROVIDER",
        fetched_at=NOW - timedelta(seconds=index // 200),
        state="fresh",
        missing_since=None,
        verified=True,
        flags=(),
        changed_at=NOW,
    )
