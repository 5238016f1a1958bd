"""Measure the balances page at 100,000 balances in 20 tenants against a view of raw SQL and joined strings."""

import os
import re
from functools import partial

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import compare, promise
from benchmarks._urls import FILTERS
from benchmarks._world import make_balances, make_tenant

DATABASES = ("sqlite", "postgresql")
BALANCES = int(os.environ.get("BENCH_BALANCES", 100_000))
TENANTS = 20
HTMX = {"HX-Request": "true", "HX-Target": "div#balances-table"}
# What every page asks before it is one of ours.
BESIDE = ("django_session", "tenancy_user", "tenancy_membership", "tenancy_tenant")


def statements(client: Client, address: str) -> list[str]:
    """Return the SQL of one request, without session, user, membership and tenant."""
    with CaptureQueriesContext(connection) as caught:
        get(client, address)
    texts = [query["sql"] for query in caught.captured_queries]
    return [text for text in texts if not any(f'FROM "{name}"' in text for name in BESIDE)]


def get(client: Client, address: str, headers: dict[str, str] | None = None) -> bytes:
    """Ask for a page. Raises: AssertionError, when it is not one."""
    response = client.get(address, headers=headers)
    if response.status_code != 200:
        raise AssertionError(f"{address} answered {response.status_code}")
    return bytes(response.content)


def main() -> None:
    """Print the figures."""
    people = []
    for number in range(TENANTS):
        tenant, user = make_tenant(number)
        make_balances(tenant, count=BALANCES // TENANTS, now=timezone.now())
        people.append((tenant, user))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tenant, user = people[TENANTS // 2]
    with override_settings(ROOT_URLCONF="benchmarks._urls", ALLOWED_HOSTS=["testserver"]):
        client = Client()
        client.force_login(user)
        _measure(client, tenant.slug)


def _measure(client: Client, slug: str) -> None:
    for name, (query, _) in FILTERS.items():
        for per_page in (25, 200) if name == "unfiltered" else (25,):
            _compare(client, slug, name, query=f"{query}&per_page={per_page}", per_page=per_page)
    few = statements(client, f"/{slug}/balances/?currency=EUR&per_page=25")
    many = statements(client, f"/{slug}/balances/?currency=EUR&per_page=200")
    promise("SQL statements of a page", len(few), at_most=4, unit="")
    promise("more of them for 200 rows", abs(len(many) - len(few)), at_most=0, unit="")


def _compare(client: Client, slug: str, name: str, *, query: str, per_page: int) -> None:
    page, raw = f"/{slug}/balances/?{query}", f"/{slug}/raw/?view={name}&per_page={per_page}"
    counted = re.search(rb"<strong>([0-9,]+)</strong>", get(client, page))
    told = re.search(rb"<p>([0-9]+)</p>", get(client, raw))
    if counted is None or told is None or counted[1].replace(b",", b"") != told[1]:
        raise AssertionError(f"the two do not count alike what is {name}")
    ratios = compare(
        f"The balances page {name}, {per_page} of {told[1].decode()} rows",
        {
            "raw SQL + string join": partial(get, client, raw),
            "the page": partial(get, client, page),
            "the table alone, for htmx": partial(get, client, page, headers=HTMX),
        },
        rounds=15,
    )
    promise("the page against raw", ratios["the page"], at_most=3)
