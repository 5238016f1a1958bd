"""Show one balance with its history, and a decision about it that was refused."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from balances import results
from balances.models import Account
from balances.views.detail import detail
from balances.views.forms import account_forms
from balances.views.history import history
from balances.views.parts import attempt
from providers.decisions import DecisionForm
from providers.pill import sync_pill
from providers.tenancy import htmx
from providers.tenancy.scoping import Action, TenantRequest, may, role_required


def pill(request: TenantRequest, context: results.Context) -> dict[str, str] | None:
    """Return what the bar says of the connections, from credentials already read."""
    linked = may(request.role, action=Action.READ_PROVIDERS)
    return sync_pill(
        context.stored,
        parts=context.parts,
        slug=request.tenant.slug,
        now=context.now,
        linked=linked,
    )


@require_GET
@role_required(Action.READ)
def balance_detail(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Show one balance: its figures, its source, its observations and the runs that read it."""
    return detail_page(request, public_id)


def detail_page(
    request: TenantRequest, public_id: str, *, refused: DecisionForm | None = None
) -> HttpResponse:
    """Show one balance, with a decision about it that was refused, as it was typed and with 422.

    Raises: Http404.
    """
    context = results.Context.load(request.tenant, now=timezone.now())
    row = results.one(public_id, context=context)
    if row is None:
        raise Http404
    values = detail(row, context=context, role=request.role)
    values["sync_pill"] = pill(request, context)
    values["history"] = past = attempt(
        lambda: history(row, params=request.GET, context=context), name="history of a balance"
    )
    account: Account = values["account"]
    values["forms"] = account_forms(account, today=values["today"], refused=refused)
    values["refused"] = refused
    status = 422 if refused or "fault" in past else 200
    parts = {"balances-history": "balances/_history.html"}
    return htmx.render(request, "balances/detail.html", values, partials=parts, status=status)
