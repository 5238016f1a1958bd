"""Make a small world of balances in which everything that can differ does, and questions about it."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from urllib.parse import urlencode

from balances.models import Account, Balance
from balances.query.catalogue import (
    FIELDS,
    GROUPS,
    OPERATORS,
    PARTIAL,
    SORTS,
    Arity,
    Field,
    Kind,
    Operator,
)
from providers.models import Credential
from providers.tenancy.models import Tenant
from tests.balances.builders import NOW, make_credential, make_scope

TEXTS = (
    *(
        "",
        "Alder",
        "alder",
        "ALDER 100%",
        "a_b",
        "a%b",
        "back\\slash",
        "O'Hara",
        '"quoted"',
        "Straße",
    ),
    *("STRASSE", "ÄÖÜ", "äöü", "ﬁn", "İstanbul", "Ω-3", "😀 emoji", "خزنة", "日本", "Z", "_", "-"),
    *("e\u0301te\u0301", "été", "Alder  Supply", "x" * 60),
)
AMOUNTS = (
    *(
        "0",
        "0.00",
        "1",
        "-1",
        "100.50",
        "-42118.60",
        "0.000000000000000001",
        "12345678901234567.123456789",
    ),
    *("99999999999999999999.999999999999999999", "-99999999999999999999.999999999999999999"),
    *("99999999999999999999.999999999999999998", "10", "9.99", "-0.000000000000000001"),
)
CURRENCIES = ("EGP", "EUR", "JPY", "USD", "USDC", "USDT", "TSD", "1INCH", "A2B", "AAB")
SHIFTS = (0, 1, 59, 60, 61, 3600, 86_400, 400 * 86_400)


def make_world(tenant: Tenant, *, seed: int, rows: int = 60) -> None:
    """Save credentials in every condition, and balances at random."""
    random = Random(seed)
    credentials = [
        make_credential(tenant, provider="payiano", name="Übersee"),
        make_credential(tenant, provider="payiano", name="ubersee", stale_after=60),
        make_credential(tenant, provider="payman", name="Paused", paused_at=NOW),
        make_credential(
            tenant, provider="payman", name="failing", error_code="credential_rejected"
        ),
        make_credential(tenant, provider="swipelux", name="Retired", retired_at=NOW),
        make_credential(tenant, provider="swipelux", name="Sand", environment="SANDBOX"),
    ]
    scopes = {c.pk: [_scope(c, random) for _ in range(4)] for c in credentials}
    for number in range(rows):
        credential = random.choice(credentials)
        account = _account(credential, number, random)
        for currency in random.sample(CURRENCIES, random.choice((1, 1, 2))):
            Balance.unscoped.create(
                tenant=tenant,
                account=account,
                scope=random.choice(scopes[credential.pk]),
                currency=currency,
                holder=account.holder,
                counting=account.counting,
                as_of=_maybe_time(random, 0.5),
                as_of_source=random.choice(("PROVIDER", "RECEIVED")),
                verified=random.random() < 0.8,
                fetched_at=_maybe_time(random, 0.2),
                missing_since=_maybe_time(random, 0.1),
                **_amounts(random),
            )


def make_question(random: Random, tenant: Tenant) -> str:
    """Write a valid query string at random."""
    pairs: list[tuple[str, str]] = []
    for name in random.sample(list(FIELDS), random.choice((0, 1, 1, 2, 3))):
        pairs += _filter(random, name, tenant)
    if random.random() < 0.3:
        pairs.append(
            ("q", random.choice(TEXTS)[: random.choice((1, 2, 3, 30))].replace("\x00", ""))
        )
    if random.random() < 0.8:
        pairs.append(("sort", _sort(random)))
    if random.random() < 0.2:
        pairs.append(("group_by", random.choice(GROUPS)))
    if random.random() < 0.5:
        pairs += [
            ("page", str(random.choice((1, 2, 3, 99)))),
            ("per_page", str(random.randint(1, 30))),
        ]
    random.shuffle(pairs)
    return urlencode(pairs)


def _scope(credential: Credential, random: Random) -> object:
    read_at = None if random.random() < 0.15 else NOW - timedelta(seconds=random.choice(SHIFTS))
    return make_scope(
        credential,
        read_at=read_at,
        held_at=NOW if random.random() < 0.15 else None,
        error_code="timeout" if random.random() < 0.2 else "",
        closed_at=NOW if random.random() < 0.1 else None,
    )


def _account(credential: Credential, number: int, random: Random) -> Account:
    account: Account = Account.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        external_ref=f"{random.choice(TEXTS)[:20]}{number}",
        kind=random.choice(("MERCHANT", "AGENT", "CUSTOMER", "WALLET")),
        holder=random.choice(("OWN", "CUSTOMERS")),
        counting=random.choice(
            ("LIVE", "LIVE", "LIVE", "TEST", "UNVERIFIED", "DUPLICATE", "TEST_DUPLICATE", "MANUAL")
        ),
        closed_at=NOW if random.random() < 0.1 else None,
        network=random.choice(TEXTS)[:40],
        **{
            n: random.choice(TEXTS)
            for n in ("name", "display_name", "owner_name", "owner_ref", "address")
        },
    )
    return account


def _maybe_time(random: Random, chance: float) -> object:
    shift = timedelta(seconds=random.choice(SHIFTS), microseconds=random.choice((0, 1)))
    return NOW - shift if random.random() < chance else None


def _amounts(random: Random) -> dict[str, Decimal | None]:
    """Write amounts at random, and for some rows nothing but zeros, told or not."""
    names = ("available", "pending", "ledger")
    if random.random() < 0.15:
        return {name: random.choice((Decimal(0), Decimal(0), None)) for name in names}
    return {name: _maybe_amount(random) for name in names}


def _maybe_amount(random: Random) -> Decimal | None:
    return None if random.random() < 0.25 else Decimal(random.choice(AMOUNTS))


def _filter(random: Random, name: str, tenant: Tenant) -> list[tuple[str, str]]:
    field = FIELDS[name]
    operator = random.choice([each for each in OPERATORS.values() if field.allows(each.name)])
    if operator.name in ("in", "not_in"):
        operator = OPERATORS[operator.name.replace("in", "eq")]
    key = name if operator.name == "eq" else f"{name}__{operator.name}"
    if operator.arity is Arity.NONE:
        return [(key, "true")]
    known = _known(random, field, operator, tenant)
    if operator.arity is Arity.TWO:
        return [(key, f"{random.choice(known)},{random.choice(known)}")]
    is_list = operator.name in ("eq", "not_eq") and field.allows("in")
    return [
        (key, random.choice(known)) for _ in range(random.choice((1, 1, 2, 4)) if is_list else 1)
    ]


def _known(random: Random, field: Field, operator: Operator, tenant: Tenant) -> tuple[str, ...]:
    """Return values of which most answer something."""
    if field.kind is Kind.AMOUNT:
        return AMOUNTS
    if field.kind is Kind.INSTANT:
        return _instants(random)
    if field.kind is Kind.MINUTES:
        return ("0", "1", "60", "1440", "576000", "52596000")
    if field.kind is Kind.FLAG:
        return ("true", "false")
    known = _values(field.name, tenant)
    if operator.name not in PARTIAL:
        return known
    pieces = (_piece(random, text) for text in known)
    return tuple(piece for piece in pieces if piece.strip() == piece != "") or known


def _piece(random: Random, text: str) -> str:
    first, last = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
    return random.choice((text[:last], text[first:], text[first:last]))


def _values(name: str, tenant: Tenant) -> tuple[str, ...]:
    if name == "credential":
        return tuple(Credential.objects.for_tenant(tenant).values_list("public_id", flat=True))
    if name == "id":
        return tuple(Balance.objects.for_tenant(tenant).values_list("public_id", flat=True))
    if name == "reference":
        return tuple(Account.objects.for_tenant(tenant).values_list("external_ref", flat=True))
    codes = {"currency": (*CURRENCIES, "ZZZ"), "provider": ("payiano", "payman", "swipelux")}
    return codes.get(name) or FIELDS[name].values or TEXTS[1:]


def _instants(random: Random) -> tuple[str, ...]:
    shifts = (timedelta(seconds=shift, microseconds=m) for shift in SHIFTS for m in (0, 1))
    return tuple((NOW - shift).replace(tzinfo=None).isoformat() + "Z" for shift in shifts)


def _sort(random: Random) -> str:
    names = random.sample(SORTS, random.choice((1, 1, 2, 3, 4)))  # currency may be put before them
    return ",".join(random.choice(("", "-")) + name for name in names)
