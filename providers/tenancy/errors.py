"""Answer failures with pages that say what happened and what to do, and reveal nothing else."""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from providers.tenancy.context import theme_of
from providers.tenancy.models import Membership, Role, Tenant
from providers.tenancy.scoping import Action

RETRY_SECONDS = 30
REFERENCE_LENGTH = 8


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403, naming who of the tenant could give the permission."""
    tenant = getattr(request, "tenant", None)
    action = getattr(exception, "action", None)
    admins = _admins(tenant) if tenant else []
    context = {
        "admins": admins,
        "is_for_admins": action not in {Action.READ_PROVIDERS, Action.EXPORT},
    }
    return render(request, "403.html", context, status=403)


def _admins(tenant: Tenant) -> list[str]:
    active = Membership.objects.for_tenant(tenant).filter(
        role=Role.ADMIN, is_active=True, user__is_active=True
    )
    return [str(membership.user) for membership in active.select_related("user")]


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 with the same page for what is missing and for what belongs to others."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while the database cannot be reached, from templates that ask nothing of it.

    The reference is the start of the request's id in the log.
    """
    is_unavailable = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    context = {"reference": request_id[:REFERENCE_LENGTH], "theme": theme_of(request)}
    if not is_unavailable:
        return HttpResponse(render_to_string("500.html", context), status=500)
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return HttpResponse(render_to_string("503.html", context), status=503, headers=headers)
