"""Lead a person who has just signed in to a tenant."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from providers.tenancy.scoping import memberships_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Open the first tenant by name, or explain that there is none."""
    memberships = memberships_of(request)
    if memberships:
        return redirect("overview", tenant=memberships[0].tenant.slug)
    return render(request, "account/no_tenant.html")
