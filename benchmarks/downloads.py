"""Measure a download of 100,000 rows from the database to the last byte, through its address."""

import json
import os
import subprocess
import sys

from django.db import connection
from django.utils import timezone

from benchmarks import promise
from benchmarks._world import make_balances, make_tenant

DATABASES = ("sqlite", "postgresql")
ROWS = int(os.environ.get("BENCH_BALANCES", 100_000))
COLUMNS = (
    "account_name,provider,holder,account_ref,network,address,currency,available,pending,ledger"
    ",as_of,fetched_at"
)
# In a process of its own: memory is measured by its highest mark. The first download warms it up.
DOWNLOAD = """
import json, sys, time
import django; django.setup()
from django.test import Client
from benchmarks import peak_memory
from providers.tenancy.models import User

def download(address):
    started = time.perf_counter()
    chunks = iter(client.get(address).streaming_content)
    size = len(next(chunks))
    first = time.perf_counter() - started
    size += sum(map(len, chunks))
    return first, time.perf_counter() - started, size

client = Client(headers={"host": "localhost"})
client.force_login(User.objects.get())
address = sys.argv[1]
download(address + "&currency=JPY&available__lt=0")
idle = peak_memory()
first, total, size = download(address)
grown = peak_memory() - idle
for _ in range(4):  # the least of five: what others do on the machine is no part of it
    started = time.perf_counter()
    response = client.get(address)
    next(iter(response.streaming_content))
    first = min(first, time.perf_counter() - started)
    response.close()
print(json.dumps([first, total, size, grown]))
"""


def measured(address: str) -> list[float]:
    """Download once; return first byte and all, in seconds, the size, and how memory grew in MB."""
    command = [sys.executable, "-c", DOWNLOAD, address]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return list(json.loads(run.stdout))


def main() -> None:
    """Print the figures."""
    tenant, _ = make_tenant(0)
    make_balances(tenant, count=ROWS, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for extension in ("xlsx", "csv"):
        found = measured(f"/{tenant.slug}/balances.{extension}?columns={COLUMNS}")
        first, total, size, grown = found
        print(f"\n{extension} of {ROWS:,} rows: {total:.1f} s, {size / 1e6:.1f} MB")
        promise("first byte", first * 1000, at_most=300, unit="ms")
        promise("growth of memory", grown, at_most=30, unit="MB")
