"""Stand for the product's addresses: a page with a part, an admin's page, and pages that fail."""

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from providers.tenancy.scoping import Action, TenantRequest, role_required


@role_required(Action.READ)
def overview(request: TenantRequest, tenant: str) -> HttpResponse:
    zone = timezone.get_current_timezone_name()
    return HttpResponse(f"{request.tenant.slug} {request.role} {zone}")


@role_required(Action.MANAGE_CREDENTIALS)
@require_POST
def admin_only(request: TenantRequest, tenant: str) -> HttpResponse:
    return HttpResponse("changed")


@role_required(Action.READ)
def thing(request: TenantRequest, tenant: str, thing: str) -> HttpResponse:
    raise Http404


@role_required(Action.READ)
def broken(request: TenantRequest, tenant: str) -> HttpResponse:
    raise RuntimeError("secret detail")


@role_required(Action.READ)
def unreachable(request: TenantRequest, tenant: str) -> HttpResponse:
    raise OperationalError("server closed the connection")


def unguarded(request: HttpRequest, tenant: str) -> HttpResponse:
    return HttpResponse("never")


urlpatterns = [
    path("", include("providers.tenancy.urls")),
    path("<slug:tenant>/", overview, name="overview"),
    path("<slug:tenant>/admin/", admin_only, name="admin_only"),
    path("<slug:tenant>/things/<str:thing>/", thing, name="thing"),
    path("<slug:tenant>/broken/", broken, name="broken"),
    path("<slug:tenant>/unreachable/", unreachable, name="unreachable"),
    path("<slug:tenant>/unguarded/", unguarded, name="unguarded"),
]
handler400 = "providers.tenancy.errors.bad_request"
handler403 = "providers.tenancy.errors.permission_denied"
handler404 = "providers.tenancy.errors.not_found"
handler500 = "providers.tenancy.errors.server_error"
