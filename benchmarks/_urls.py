"""Add, to the product's addresses, the leanest view of balances there can be: raw SQL and joined strings."""

from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.urls import include, path
from django.utils.html import escape

from balances.results import snapshot
from providers.tenancy.scoping import Action, TenantRequest, role_required

OPEN = """
FROM balances_balance b
JOIN balances_account a ON a.id = b.account_id
JOIN providers_scope s ON s.id = b.scope_id
WHERE b.tenant_id = %s AND a.closed_at IS NULL AND s.closed_at IS NULL
"""
ROWS = f"""
SELECT b.public_id, a.display_name, a.name, a.external_ref, b.holder, a.network, b.currency, b.available, b.pending,
  COALESCE(b.as_of, s.as_of), s.read_at
{OPEN}
ORDER BY b.currency, b.available IS NULL, b.available DESC, b.id
LIMIT %s
"""
_FIGURES = ", ".join(
    f"{{total}}(b.{name}), COUNT(b.{name}), {{total}}(b.{name}) FILTER (WHERE b.{name} < {{zero}}),"
    f" COUNT(*) FILTER (WHERE b.{name} < {{zero}})"
    for name in ("available", "pending", "ledger")
)
TOTALS = f"""
SELECT b.currency, b.holder, b.counting, COUNT(*), COUNT(*) FILTER (WHERE s.read_at < {{cutoff}}),
  MIN(COALESCE(b.as_of, s.as_of)), {_FIGURES}
{OPEN}
GROUP BY b.currency, b.holder, b.counting
"""
ROW = (
    '<tr><th><a href="/{}/balances/{}/">{}</a></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>'
    "<td>{}</td><td>{}</td><td>{}</td></tr>"
)


def totals_sql() -> str:
    """Write the totals for the database at hand."""
    if connection.vendor == "sqlite":
        zero = f"'{10**38}'"
        return TOTALS.format(total="AMOUNT_SUM", zero=zero, cutoff="'2026-11-20 08:00:00'")
    return TOTALS.format(total="SUM", zero="0", cutoff="'2026-11-20 08:00:00Z'")


@role_required(Action.READ)
def raw(request: TenantRequest, tenant: str) -> HttpResponse:
    """Show the first rows of the default order, the count and the totals."""
    number = int(request.GET.get("per_page", 25))
    with snapshot(), connection.cursor() as cursor:
        cursor.execute(ROWS, [request.tenant.pk, number])
        rows = cursor.fetchall()
        cursor.execute(totals_sql(), [request.tenant.pk])
        totals = cursor.fetchall()
    count = sum(total[3] for total in totals)
    lines = [_line(tenant, row) for row in rows]
    feet = ["<tr><td>{}</td></tr>".format("</td><td>".join(map(str, total))) for total in totals]
    body = f"<p>{count}</p><table>{''.join(lines)}{''.join(feet)}</table>"
    return HttpResponse(body)


def _line(tenant: str, row: tuple[Any, ...]) -> str:
    public_id, display_name, name, ref, holder, network, currency, available, pending, as_of, _ = (
        row
    )
    label = escape(display_name or name or ref)
    cells = (escape(ref), holder, escape(network), currency, available, pending, as_of)
    return ROW.format(tenant, public_id, label, *cells)


urlpatterns = [path("<slug:tenant>/raw/", raw), path("", include("dashboard.urls"))]
