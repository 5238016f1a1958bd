"""Scope each request to one tenant, and let a role do only what it may.

An address `/<tenant>/…` is opened by an active membership alone: `TenantMiddleware` sets `request.tenant` and
`request.role`, or answers 404, the same for a foreign tenant as for none. A view there carries
`@role_required(Action.X)`; one without it is refused for everybody, so that a forgotten guard opens nothing.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from providers.tenancy.htmx import aim_error
from providers.tenancy.models import Membership, Role, Tenant, User

P = ParamSpec("P")


class Action(StrEnum):
    """What a person may want to do in a tenant; templates read the values as `can.export`."""

    READ = "read"  # overview, balances, detail
    EXPORT = "export"  # files of balances
    RENAME = "rename"  # display names and notes
    SYNC = "sync"  # sync now
    READ_PROVIDERS = "read_providers"  # credentials without secrets, runs with their details
    READ_LOG = "read_log"  # the activity log
    READ_PEOPLE = "read_people"  # who is in the tenant, and in which role
    MANAGE_CREDENTIALS = "manage_credentials"  # add, edit, test, pause, resume, retire
    MANAGE_ACCOUNTS = "manage_accounts"  # close, reopen, keep, holder
    DECIDE_HELD = "decide_held"  # accept or discard a held reading
    MANAGE_PEOPLE = "manage_people"


VIEWER_MAY = frozenset({Action.READ})
ANALYST_MAY = VIEWER_MAY | {Action.EXPORT, Action.RENAME, Action.SYNC, Action.READ_PROVIDERS}
AUDITOR_MAY = VIEWER_MAY | {
    Action.EXPORT,
    Action.READ_PROVIDERS,
    Action.READ_LOG,
    Action.READ_PEOPLE,
}
ROLE_MAY: Mapping[str, frozenset[Action]] = {
    Role.VIEWER: VIEWER_MAY,
    Role.ANALYST: ANALYST_MAY,
    Role.ADMIN: frozenset(Action),
    Role.AUDITOR: AUDITOR_MAY,
}


def may(role: str | None, *, action: Action) -> bool:
    """Tell whether a role allows an action; no role and an unknown one allow nothing."""
    return action in ROLE_MAY.get(role or "", frozenset())


class RoleMissing(PermissionDenied):
    """Report an action that the member's role does not allow; answered with 403."""

    def __init__(self, *, role: str, action: Action) -> None:
        """Hold what was asked and as whom."""
        super().__init__(f"{role} may not {action}")
        self.role = role
        self.action = action


class TenantRequest(HttpRequest):
    """A request below `/<tenant>/`, as every view there receives it."""

    user: User
    tenant: Tenant
    role: str
    htmx: HtmxDetails


TenantView = Callable[Concatenate[TenantRequest, P], HttpResponseBase]


def role_required(action: Action) -> Callable[[TenantView[P]], TenantView[P]]:
    """Guard a view below `/<tenant>/`, before it builds anything; it may stand in any order with others.

    Raises: RoleMissing, from the guarded view.
    """

    def guard(view: TenantView[P]) -> TenantView[P]:
        @wraps(view)
        def guarded(
            request: TenantRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            if not may(request.role, action=action):
                raise RoleMissing(role=request.role, action=action)
            return view(request, *args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]  # read by TenantMiddleware
        return guarded

    return guard


def memberships_of(request: HttpRequest) -> list[Membership]:
    """Read the active memberships of who asks with their tenants, by tenant name, once per request."""
    held = vars(request)
    if "memberships" not in held:
        active = Membership.unscoped.filter(user_id=request.user.pk, is_active=True)
        by_name = active.select_related("tenant").order_by("tenant__name", "tenant_id")
        held["memberships"] = list(by_name) if request.user.is_authenticated else []
    memberships: list[Membership] = held["memberships"]
    return memberships


class TenantMiddleware:
    """Open `/<tenant>/…` to its members, in the tenant's zone, and let no answer be stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Hold the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and leave nothing of this request for the next one."""
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        response["Cache-Control"] = "no-store"
        aim_error(request, response=response)
        if getattr(request, "has_signed_out", False):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        """Set tenant and role of an address that names a tenant.

        Raises: Http404, for who is no active member; ImproperlyConfigured, for a view without a guard.
        """
        slug = kwargs.get("tenant")
        if slug is None:
            return
        membership = next((m for m in memberships_of(request) if m.tenant.slug == slug), None)
        if membership is None:
            raise Http404
        if not hasattr(view, "action"):
            raise ImproperlyConfigured(f"{view.__module__}.{view.__name__} lacks @role_required")
        request.tenant, request.role = membership.tenant, membership.role  # type: ignore[attr-defined]  # see TenantRequest
        timezone.activate(ZoneInfo(membership.tenant.time_zone))
