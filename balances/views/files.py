"""Send a query's rows as files: the same rows in the same order as the page, without its page limit."""

from collections.abc import Callable, Generator, Iterator
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from balances import results
from balances.columns import file_columns
from balances.exports import csv
from balances.query.encode import encode
from balances.query.faults import QueryError
from balances.query.parse import parse
from balances.query.tree import BalanceQuery
from balances.views.words import labels
from providers.connectors import CONNECTORS
from providers.services.secrets import settings_of
from providers.tenancy.activity import record
from providers.tenancy.scoping import Action, TenantRequest, role_required

MOST_ROWS = 1_048_575
Writer = Callable[[BalanceQuery, results.Context, TenantRequest], Generator[bytes, None, None]]


@require_GET
@role_required(Action.EXPORT)
def balances_csv(request: TenantRequest, tenant: str) -> HttpResponseBase:
    """Send the rows as CSV."""
    return _send(request, _csv, extension="csv", content_type=csv.CONTENT_TYPE)


@require_GET
@role_required(Action.EXPORT)
def balances_xlsx(request: TenantRequest, tenant: str) -> HttpResponseBase:
    """Send the rows as a workbook with totals and an About sheet."""
    from balances.exports import xlsx  # openpyxl is slow to import: only when a workbook is made

    return _send(request, _xlsx, extension="xlsx", content_type=xlsx.CONTENT_TYPE)


def _send(
    request: TenantRequest, writer: Writer, *, extension: str, content_type: str
) -> HttpResponseBase:
    """Stream a file of one snapshot; what is not understood is refused before the first byte."""
    context = results.Context.load(request.tenant, now=timezone.now())
    zone = ZoneInfo(request.tenant.time_zone)
    try:
        query = parse(request.GET, zone=zone)
        content = writer(query, context, request)
        first = next(content)
    except QueryError as error:
        values = {
            "faults": error.faults,
            "list_url": reverse("balances:list", args=[request.tenant.slug]),
        }
        return render(request, "balances/file_refused.html", values, status=422)
    record(
        request.tenant,
        actor=request.user,
        action="balances.download",
        after={"format": extension, "query": encode(query)},
    )
    response = StreamingHttpResponse(_joined(first, content), content_type=content_type)
    made = timezone.localtime(context.now)
    name = f"{request.tenant.slug}-balances-{made:%Y-%m-%d-%H%M}.{extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(
    query: BalanceQuery, context: results.Context, request: TenantRequest
) -> Generator[bytes, None, None]:
    zone = ZoneInfo(context.tenant.time_zone)
    with results.snapshot():
        rows = results.stream(query, context=context)
        yield from csv.write(file_columns(query), rows, zone=zone)


def _xlsx(
    query: BalanceQuery, context: results.Context, request: TenantRequest
) -> Generator[bytes, None, None]:
    from balances.exports import cover, xlsx  # see balances_xlsx

    with results.snapshot():
        totals = results.totals(query, context=context)
        span = results.span(query, context=context)
        if span.rows > MOST_ROWS:
            message = f"has {span.rows:,} rows; a sheet holds {MOST_ROWS:,}: narrow it, or take CSV"
            raise QueryError.one("address", "too_many_rows", message)
        about = cover.about(
            query,
            span,
            context=context,
            words=labels(context),
            made_by=str(request.user),
            url=request.build_absolute_uri(_page_address(query, context)),
            watched=_watched(context),
        )
        yield from xlsx.write(
            file_columns(query),
            results.stream(query, context=context),
            totals,
            about,
            count=span.rows,
            zone=ZoneInfo(context.tenant.time_zone),
        )


def _page_address(query: BalanceQuery, context: results.Context) -> str:
    path, text = reverse("balances:list", args=[context.tenant.slug]), encode(query)
    return f"{path}?{text}" if text else path


def _watched(context: results.Context) -> list[str]:
    connectors = [(CONNECTORS[c.provider], c) for c in context.stored if c.retired_at is None]
    notes = (connector.watch_note(connector.values(settings_of(c))) for connector, c in connectors)
    return [note for note in notes if note]


def _joined(first: bytes, rest: Generator[bytes, None, None]) -> Iterator[bytes]:
    """Yield all of it; closing this closes the rest, and with it the snapshot."""
    try:
        yield first
        yield from rest
    finally:
        rest.close()
