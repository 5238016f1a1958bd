"""Show a person their own account: name, look, keys, tenants; outside any tenant."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from providers.tenancy import people
from providers.tenancy.context import DENSITIES, has_shortcuts, theme_of, zone_text
from providers.tenancy.forms import DisplayForm, NameForm
from providers.tenancy.models import User
from providers.tenancy.roles import SUMMARIES
from providers.tenancy.scoping import memberships_of

UNPROCESSABLE = 422
COOKIE_SECONDS = 365 * 24 * 3600


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show the account; a POST keeps theme and shortcuts in cookies, which the server reads."""
    if request.method != "POST":
        return _page(request)
    form = DisplayForm(request.POST)
    if not form.is_valid():
        return _page(request, display=form)
    messages.success(request, _("Saved in this browser."))
    response = redirect("account")
    for name, value in form.cookies().items():
        _keep(response, name, value)
    return response


@require_POST
def row_height(request: HttpRequest) -> HttpResponse:
    """Keep how high the rows of tables are in a cookie, and lead back to the page that asked; else 422."""
    density, back = request.POST.get("density", ""), request.POST.get("next", "")
    if density not in DENSITIES:
        return render(request, "422.html", status=UNPROCESSABLE)
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = HttpResponseRedirect(back if is_ours else reverse("home"))
    _keep(response, "density", density)
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    """Set a cookie of the display; app.js reads and writes it too, so it is no secret of the server."""
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


@require_POST
def account_name(request: HttpRequest) -> HttpResponse:
    """Change one's own name."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, naming=form)
    user = _user(request)
    people.rename(user, name=form.cleaned_data["name"], actor=user)
    messages.success(request, _("Your name is changed."))
    return redirect("account")


def _page(
    request: HttpRequest, *, display: DisplayForm | None = None, naming: NameForm | None = None
) -> HttpResponse:
    now = timezone.now()
    choices = {"theme": theme_of(request), "shortcuts": has_shortcuts(request)}
    faulty = display or naming
    context: dict[str, Any] = {
        "display": display or DisplayForm(initial=choices),
        "naming": naming or NameForm(initial={"name": _user(request).name}),
        "form": faulty,
        "tenants": [
            {
                "membership": membership,
                "may": SUMMARIES[membership.role],
                "zone": zone_text(membership.tenant.time_zone, now=now),
            }
            for membership in memberships_of(request)
        ],
    }
    return render(request, "tenancy/account.html", context, status=UNPROCESSABLE if faulty else 200)


def _user(request: HttpRequest) -> User:
    """Return who is signed in; the middleware let nobody else come this far."""
    assert isinstance(request.user, User)  # noqa: S101  # for the type checker
    return request.user
