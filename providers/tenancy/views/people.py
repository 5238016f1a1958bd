"""Show who is in a tenant, and let its admins invite, give roles, deactivate and reactivate."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from providers.tenancy import invitations, people
from providers.tenancy.forms import InviteForm, ReasonForm, RoleForm, TenancyForm
from providers.tenancy.models import ActivityEntry, Membership, Role, Tenant
from providers.tenancy.scoping import Action, TenantRequest, may, role_required

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Member:
    """One person of a tenant in words.

    `signed_in_at` is the last sign-in recorded here. Until there is one, the name is not shown: it may come
    from another tenant.
    """

    membership: Membership
    signed_in_at: datetime | None
    is_only_admin: bool
    is_me: bool

    @property
    def name(self) -> str:
        """Return the person's own name, once they have come."""
        return self.membership.user.name if self.signed_in_at else ""

    @property
    def email(self) -> str:
        """Return the address they sign in with."""
        return self.membership.user.email

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def state(self) -> tuple[str, str, str]:
        """Return tone, icon and words."""
        if not self.membership.is_active:
            return "off", "pause", _("Deactivated")
        if self.signed_in_at is None:
            return "warn", "clock", _("Not signed in yet")
        if not self.membership.user.is_active:
            return "off", "lock", _("Sign-in closed")
        return "ok", "check", _("Active")

    @property
    def may_be_invited_again(self) -> bool:
        """Tell whether a letter would still help."""
        return self.membership.is_active and self.signed_in_at is None


@require_GET
@role_required(Action.READ_PEOPLE)
def member_list(request: TenantRequest, tenant: str) -> HttpResponse:
    """List the people of the tenant, the active first."""
    memberships = list(_memberships(request.tenant))
    admins = {each.pk for each in memberships if _is_admin(each)}
    members = [_member(each, request, admins=admins) for each in memberships]
    members.sort(key=lambda each: (not each.membership.is_active, str(each).casefold()))
    active = sum(each.membership.is_active for each in members)
    context = {"members": members, "active": active, "now": timezone.now()}
    return render(request, "tenancy/people.html", context)


@require_http_methods(["GET", "POST"])
@role_required(Action.MANAGE_PEOPLE)
def invite(request: TenantRequest, tenant: str) -> HttpResponse:
    """Ask for an address and a role; give the role and send the letter."""
    form = InviteForm(
        request.POST if request.method == "POST" else None, initial={"role": Role.VIEWER}
    )
    if request.method == "POST" and form.is_valid():
        try:
            membership = invitations.invite(
                request.tenant,
                email=form.cleaned_data["email"],
                role=form.cleaned_data["role"],
                actor=request.user,
            )
        except ValidationError as fault:
            form.add_error(None, fault)
        else:
            return _sent(request, membership)
    return _form_page(request, "tenancy/invite.html", form)


@require_POST
@role_required(Action.MANAGE_PEOPLE)
def invite_again(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Send the letter anew to who has not come yet."""
    member = _found(request, public_id)
    if not member.may_be_invited_again:
        messages.info(request, _("%(person)s needs no invitation.") % {"person": member})
        return redirect("people", request.tenant.slug)
    invitations.invite_again(member.membership, actor=request.user)
    return _sent(request, member.membership)


@require_http_methods(["GET", "POST"])
@role_required(Action.MANAGE_PEOPLE)
def member_role(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Give a member another role, which holds from their next request."""
    member = _found(request, public_id)
    form = RoleForm(
        request.POST if request.method == "POST" else None, initial={"role": member.membership.role}
    )
    if request.method == "POST" and form.is_valid() and _is_active(member, form):
        change = partial(people.change_role, actor=request.user, **form.cleaned_data)
        if changed := _attempt(change, member, form, field="role"):
            words = {"person": member, "role": changed.get_role_display().lower()}
            messages.success(request, _("%(person)s is now %(role)s.") % words)
            return _back(request, changed)
    return _form_page(request, "tenancy/member_role.html", form, member=member)


@require_http_methods(["GET", "POST"])
@role_required(Action.MANAGE_PEOPLE)
def member_deactivate(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Ask, and close the tenant to a member; what they did stays in the log."""
    member = _found(request, public_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        change = partial(people.deactivate, actor=request.user, **form.cleaned_data)
        if changed := _attempt(change, member, form, field=None):
            messages.success(request, _("%(person)s is deactivated.") % {"person": member})
            return _back(request, changed)
    return _form_page(request, "tenancy/member_deactivate.html", form, member=member)


@require_POST
@role_required(Action.MANAGE_PEOPLE)
def member_reactivate(request: TenantRequest, tenant: str, public_id: str) -> HttpResponse:
    """Open the tenant again to a member, in the role they had."""
    member = _found(request, public_id)
    held = people.reactivate(member.membership, actor=request.user)
    words = {"person": member, "role": held.get_role_display().lower()}
    messages.success(request, _("%(person)s is active again, as %(role)s.") % words)
    return redirect("people", request.tenant.slug)


def _form_page(
    request: TenantRequest, template: str, form: TenancyForm, **context: Any
) -> HttpResponse:
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, template, {"form": form, **context}, status=status)


def _sent(request: TenantRequest, membership: Membership) -> HttpResponse:
    """Send the letter, and say how that went."""
    email = {"email": membership.user.email}
    if invitations.send(membership, actor=request.user, request=request):
        messages.success(request, _("%(email)s is invited; the letter is on its way.") % email)
    else:
        messages.warning(
            request,
            _("%(email)s is in the list, but the letter could not be sent: invite again.") % email,
        )
    return redirect("people", request.tenant.slug)


def _back(request: TenantRequest, changed: Membership) -> HttpResponse:
    """Return to the list, or home where one's own rights ended by the change."""
    is_mine = changed.user_id == request.user.pk
    if is_mine and not (changed.is_active and may(changed.role, action=Action.READ_PEOPLE)):
        return redirect("home")
    return redirect("people", request.tenant.slug)


def _is_active(member: Member, form: TenancyForm) -> bool:
    if not member.membership.is_active:
        form.add_error("role", _("This person is deactivated: reactivate them first."))
    return member.membership.is_active


def _attempt(
    change: Callable[[Membership], Membership],
    member: Member,
    form: TenancyForm,
    *,
    field: str | None,
) -> Membership | None:
    """Return what a change made, or None when it would take the last admin, which the form then says."""
    try:
        return change(member.membership)
    except people.LastAdmin as fault:
        words = _("%(tenant)s would have no admin left: make somebody else an admin first.")
        form.add_error(field, words % {"tenant": fault.tenant})
    return None


def _memberships(tenant: Tenant) -> QuerySet[Membership]:
    """Read memberships with the last sign-in that this tenant's log holds, and no other tenant's."""
    sign_ins = ActivityEntry.objects.for_tenant(tenant).filter(action="sign_in")
    latest = sign_ins.filter(actor=OuterRef("user")).order_by("-at", "-id").values("at")[:1]
    found = Membership.objects.for_tenant(tenant).select_related("user", "tenant")
    annotated: QuerySet[Membership] = found.annotate(signed_in_at=Subquery(latest))
    return annotated


def _found(request: TenantRequest, public_id: str) -> Member:
    found = get_object_or_404(_memberships(request.tenant), public_id=public_id)
    return _member(found, request)


def _is_admin(membership: Membership) -> bool:
    """Tell whether the tenant could rely on this admin, as `people` asks of the last one."""
    return membership.role == Role.ADMIN and membership.is_active and membership.user.is_active


def _member(
    membership: Membership, request: TenantRequest, *, admins: Set[int] = frozenset()
) -> Member:
    return Member(
        membership=membership,
        signed_in_at=membership.signed_in_at,  # type: ignore[attr-defined]  # annotated by _memberships
        is_only_admin=admins == {membership.pk},
        is_me=membership.user_id == request.user.pk,
    )
