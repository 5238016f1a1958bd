"""Send a query's rows as files: the same rows in the same order as the page, without its page limit.

A file is one snapshot, opened by its first byte and not by the view: whatever a request writes beside (its line in the
activity log, its session) is written before, and a reader who leaves ends the snapshot with the response.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_GET

from balances import results
from balances.columns import file_columns
from balances.exports import cover, csv
from balances.query.encode import encode
from balances.query.faults import QueryError
from balances.query.parse import parse
from balances.query.tree import DEFAULT_PER_PAGE, BalanceQuery
from balances.views.freshness import sentence
from balances.views.legend import legend
from balances.views.words import labels
from providers.tenancy.activity import record
from providers.tenancy.scoping import Action, TenantRequest, role_required

SHEET_ROWS = 1_048_575  # below the head
Writer = Callable[[BalanceQuery, results.Context, TenantRequest], Iterator[bytes]]


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

    most = SHEET_ROWS
    return _send(request, _xlsx, extension="xlsx", content_type=xlsx.CONTENT_TYPE, most=most)


def _send(
    request: TenantRequest,
    writer: Writer,
    *,
    extension: str,
    content_type: str,
    most: int | None = None,
) -> HttpResponseBase:
    """Log and stream a file; what is not understood, or too much, is refused before the first byte."""
    context = results.Context.load(request.tenant, now=timezone.now())
    zone = ZoneInfo(request.tenant.time_zone)
    try:
        # A file has no pages, and neither log nor About sheet names one.
        query = replace(parse(request.GET, zone=zone), page=1, per_page=DEFAULT_PER_PAGE)
        rows = _counted(query, context, most=most)
    except QueryError as error:
        return _refused(request, error)
    after = {"format": extension, "query": encode(query), "rows": rows}
    record(request.tenant, actor=request.user, action="balances.download", after=after)
    response = StreamingHttpResponse(writer(query, context, request), content_type=content_type)
    made = context.now.astimezone(zone)
    name = f"{request.tenant.slug}-balances-{made:%Y-%m-%d-%H%M}.{extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _counted(query: BalanceQuery, context: results.Context, *, most: int | None) -> int:
    """Count the rows of a file to come. Raises: QueryError, when it would not fit its sheet."""
    rows = results.count(query, context=context)
    if most is not None and rows > most:
        message = f"has {rows:,} rows; a sheet holds {most:,}: narrow it, or take CSV"
        raise QueryError.one("address", "too_many_rows", message)
    return rows


def _refused(request: TenantRequest, error: QueryError) -> HttpResponseBase:
    list_url = reverse("balances:list", args=[request.tenant.slug])
    values = {"faults": error.faults, "list_url": list_url}
    return render(request, "balances/file_refused.html", values, status=422)


def _csv(query: BalanceQuery, asked: results.Context, request: TenantRequest) -> Iterator[bytes]:
    with results.snapshot():
        context = results.Context.load(asked.tenant, now=asked.now)
        zone = ZoneInfo(context.tenant.time_zone)
        # Rows end before the snapshot does, else their cursor would outlive its transaction.
        with closing(results.stream(query, context=context)) as rows:
            yield from csv.write(file_columns(query), rows, zone=zone)


def _xlsx(query: BalanceQuery, asked: results.Context, request: TenantRequest) -> Iterator[bytes]:
    from balances.exports import xlsx  # see balances_xlsx

    def totals() -> Iterator[results.Total]:
        yield from results.totals(query, context=context)

    def about() -> Iterator[cover.Fact]:
        yield from _about(span(), query, context, request)

    with results.snapshot():
        context = results.Context.load(asked.tenant, now=asked.now)
        columns, zone = file_columns(query), ZoneInfo(context.tenant.time_zone)
        # The rows were counted for the log, before the snapshot; here the About sheet's statement counts them too.
        span = cache(partial(results.span, query, context=context))
        with closing(results.stream(query, context=context)) as rows:
            yield from xlsx.write(
                columns, rows, totals(), about(), count=lambda: span().rows, zone=zone
            )


def _about(
    span: results.Span, query: BalanceQuery, context: results.Context, request: TenantRequest
) -> Sequence[cover.Fact]:
    return cover.about(
        query,
        span,
        context=context,
        words=labels(context),
        made_by=str(request.user),
        url=request.build_absolute_uri(_page_address(query, context)),
        confirmed=_confirmed(span, query, context),
        meanings=[
            (f"{entry.provider} {entry.word}", entry.text) for entry in legend(_providers(context))
        ],
        unknown=[
            text for gap in results.gaps(context) for text in (gap.unread, gap.unwatched) if text
        ],
    )


def _confirmed(span: results.Span, query: BalanceQuery, context: results.Context) -> str:
    """Say in the page's words since when the rows are confirmed, with whole dates."""
    zone = ZoneInfo(context.tenant.time_zone)

    def when(at: datetime) -> str:
        return format_date(at.astimezone(zone), "j M Y, H:i")

    return sentence(span.reads, is_all=query.is_unfiltered, write=str.format, when=when)


def _providers(context: results.Context) -> frozenset[str]:
    return frozenset(credential.provider for credential in context.stored)


def _page_address(query: BalanceQuery, context: results.Context) -> str:
    path, text = reverse("balances:list", args=[context.tenant.slug]), encode(query)
    return f"{path}?{text}" if text else path
