"""Print every row of a query, for scripts: exact amounts, instants in UTC, codes in lower case."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from balances import results
from balances.columns import Column, as_json, json_columns
from balances.exports import csv
from balances.query.faults import QueryError
from balances.query.parse import parse_text
from balances.results import Row
from providers.tenancy.models import Tenant

MISUSED = 2


class Command(BaseCommand):
    """List what a query asks for: the rows of the page and its files, in their order, all of them."""

    help = (
        "Print every row of a query: one JSON array, or CSV. Amounts are exact decimals, or null "
        "where the provider reports none. Before you sum, ask with counting=live, and sum per currency "
        "and holder: other rows are no plain money. Exit status 2: the query was not understood."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose balances are listed, which of them, and how."""
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--query", default="", help="the query string of the balances page")
        parser.add_argument("--format", choices=("json", "csv"), default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one snapshot. Raises: CommandError, for an unknown tenant or a query not understood."""
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        try:
            for text in listed(tenant, query_string=options["query"], form=options["format"]):
                self.stdout.write(text, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # The reader, `head` perhaps, has enough; nothing is left to say it to.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except QueryError as error:
            message = f"The query was not understood: {error}."
            raise CommandError(message, returncode=MISUSED) from error


def listed(tenant: Tenant, *, query_string: str, form: str) -> Iterator[str]:
    """Yield the output piece by piece; page and page size are ignored, columns obeyed.

    Time: instants without an offset are in the tenant's zone. Raises: QueryError, before the first piece.
    """
    query = parse_text(query_string, zone=ZoneInfo(tenant.time_zone))
    columns = json_columns(query)
    rows = results.stream(query, context=results.Context.load(tenant, now=timezone.now()))
    if form == "csv":
        return csv.lines(columns, rows, zone=ZoneInfo("UTC"))
    return _json(columns, rows)


def _json(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[str]:
    before = "["
    for row in rows:
        yield f"{before}\n{json.dumps(as_json(row, columns))}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"
