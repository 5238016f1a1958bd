"""Add, to the product's addresses, the leanest view of balances there can be: raw SQL and joined strings.

It answers `?view=` with one of `FILTERS` as the page answers its query: the same rows, count, totals and tenant counts.
"""

from decimal import Decimal
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.urls import include, path
from django.utils.html import escape

from balances.fields import AmountField
from balances.results import snapshot
from providers.tenancy.scoping import Action, TenantRequest, role_required

OPEN = """
FROM balances_balance b
JOIN balances_account a ON a.id = b.account_id
JOIN providers_scope s ON s.id = b.scope_id
WHERE b.tenant_id = %s AND a.closed_at IS NULL AND s.closed_at IS NULL
"""
# By name: the page's query, and the same condition by hand.
FILTERS = {
    "unfiltered": ("", ""),
    "filtered": ("currency=EUR&available__gte=100", "AND b.currency = 'EUR' AND b.available >= %s"),
    "searched": ("q=owner", "AND (a.search LIKE '%%owner%%' OR b.currency LIKE '%%OWNER%%')"),
    "grouped": ("group_by=currency", ""),
}
ROWS = f"""
SELECT b.public_id, a.display_name, a.name, a.external_ref, b.holder, a.network, b.currency, b.available, b.pending,
  COALESCE(b.as_of, s.as_of), s.read_at
{OPEN} {{where}}
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
  MIN(COALESCE(b.as_of, s.as_of)), {_FIGURES}{{apart}}
{OPEN} {{where}}
GROUP BY b.currency, b.holder, b.counting{{apart}}
"""
# Without a filter the totals, kept apart by these, hold the tenant's counts too.
APART = ", s.credential_id, a.network, s.read_at < {cutoff}"
COUNTS = """
SELECT b.currency, b.holder, s.credential_id, a.network, a.closed_at IS NULL AND s.closed_at IS NULL,
  b.missing_since IS NULL, s.read_at < {cutoff}, COUNT(*)
FROM balances_balance b
JOIN balances_account a ON a.id = b.account_id
JOIN providers_scope s ON s.id = b.scope_id
WHERE b.tenant_id = %s
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
ROW = (
    '<tr><th><a href="/{}/balances/{}/">{}</a></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>'
    "<td>{}</td><td>{}</td><td>{}</td></tr>"
)


def words() -> dict[str, str]:
    """Say what databases call differently."""
    if connection.vendor == "sqlite":
        zero, cutoff = f"'{10**38}'", "'2026-11-20 08:00:00'"
        return {"total": "AMOUNT_SUM", "zero": zero, "cutoff": cutoff}
    return {"total": "SUM", "zero": "0", "cutoff": "'2026-11-20 08:00:00Z'"}


@role_required(Action.READ)
def raw(request: TenantRequest, tenant: str) -> HttpResponse:
    """Show the first rows of the default order, the count, the totals and the tenant's counts."""
    number = int(request.GET.get("per_page", 25))
    key, (_, where) = request.tenant.pk, FILTERS[request.GET.get("view", "unfiltered")]
    least = [AmountField().get_db_prep_value(Decimal(100), connection)] if "%s" in where else []
    said = words()
    dialect = {**said, "where": where, "apart": "" if where else APART.format(**said)}
    with snapshot(), connection.cursor() as cursor:
        cursor.execute(ROWS.format(**dialect), [key, *least, number])
        rows = cursor.fetchall()
        cursor.execute(TOTALS.format(**dialect), [key, *least])
        totals = cursor.fetchall()
        counts = []
        if where:
            cursor.execute(COUNTS.format(**dialect), [key])
            counts = cursor.fetchall()
    count = sum(total[3] for total in totals)
    lines = [_line(tenant, row) for row in rows]
    feet = [
        "<tr><td>{}</td></tr>".format("</td><td>".join(map(str, each)))
        for each in (*totals, *counts)
    ]
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
