"""Make tenants and people, give and take roles; each change is logged with it."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from providers.tenancy import activity
from providers.tenancy.models import Membership, Role, Tenant, User

# First words of addresses outside any tenant, those kept free for such, and names that would mislead.
RESERVED_SLUGS = frozenset(
    """account accounts admin api app assets auth dashboard docs favicon health help home hooks login logout media
    metrics mfa new public robots root security sign-in sign-out signup socialaccount static status support
    system tenant tenants user users well-known www""".split()
)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH = 50
EMAIL_LENGTH = 254
NAME_LENGTH = 150


class LastAdmin(ValueError):
    """Report a change that would leave a tenant without an admin."""

    def __init__(self, *, tenant: Tenant) -> None:
        """Name the tenant."""
        super().__init__(f"{tenant.slug} would have no admin left")
        self.tenant = tenant


def create_tenant(
    slug: str, *, name: str, time_zone: str = "UTC", actor: User | None = None
) -> Tenant:
    """Save a tenant under an address no other has.

    Raises: ValidationError naming `slug`, `name` or `time_zone`.
    """
    _check_tenant(slug, name=name, time_zone=time_zone)
    with transaction.atomic():
        tenant = Tenant.objects.create(slug=slug, name=name, time_zone=time_zone)
        after = {"slug": slug, "name": name, "time_zone": time_zone}
        activity.record(tenant, actor=actor, action="tenant.create", label=name, after=after)
    return tenant


def _check_tenant(slug: str, *, name: str, time_zone: str) -> None:
    faults: dict[str, str] = {}
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        faults["slug"] = _("Use up to 50 of a to z, 0 to 9 and single hyphens between them.")
    elif slug in RESERVED_SLUGS:
        faults["slug"] = _("“%s” is kept for the product's own pages.") % slug
    elif Tenant.objects.filter(slug=slug).exists():
        faults["slug"] = _("Another tenant has this address.")
    if not name.strip() or not _is_writable(name):
        faults["name"] = _("A tenant needs a name of up to 150 printable characters.")
    if time_zone not in available_timezones():
        faults["time_zone"] = _("“%s” is no time zone.") % time_zone
    if faults:
        raise ValidationError(faults)


def create_user(email: str, *, name: str = "", password: str | None = None) -> User:
    """Save a person with a verified address, so that they can sign in; without a password, after a reset.

    Raises: ValidationError naming `email`, `name` or `password`.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as fault:
        raise ValidationError({"email": fault.messages}) from fault
    if len(email) > EMAIL_LENGTH:
        raise ValidationError({"email": _("Use up to 254 characters.")})
    if not _is_writable(name):
        raise ValidationError({"name": _("Use up to 150 printable characters.")})
    if User.objects.filter(email=email).exists():
        raise ValidationError({"email": _("A person with this address exists.")})
    _check_password(password, user=User(email=email, name=name))
    with transaction.atomic():
        user = User.objects.create_user(email, password=password, name=name)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _is_writable(name: str) -> bool:
    return len(name) <= NAME_LENGTH and (not name or name.isprintable())


def _check_password(password: str | None, *, user: User) -> None:
    """Refuse a password that is short, common, all digits, or like the person's name or address.

    Raises: ValidationError naming `password`.
    """
    if password is None:
        return
    try:
        validate_password(password, user)
    except ValidationError as fault:
        raise ValidationError({"password": fault.messages}) from fault


@transaction.atomic
def set_password(user: User, *, password: str, actor: User | None = None) -> None:
    """Replace a password, which ends the person's sessions, and log it in each of their tenants.

    Raises: ValidationError naming `password`.
    """
    _check_password(password, user=user)
    user.set_password(password)
    user.save(update_fields=["password"])
    record_for(user, action="person.password", actor=actor)


@transaction.atomic
def rename(user: User, *, name: str, actor: User | None = None) -> None:
    """Give a person another name, and log it in each of their tenants. Raises: ValidationError."""
    if not _is_writable(name):
        raise ValidationError({"name": _("Use up to 150 printable characters.")})
    before, user.name = user.name, name.strip()
    if user.name != before:
        user.save(update_fields=["name"])
        facts = {"before": {"name": before}, "after": {"name": user.name}}
        record_for(user, action="person.rename", actor=actor, facts=facts)


def record_for(
    user: User,
    *,
    action: str,
    actor: User | None = None,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Log something that concerns a person in every tenant they are an active member of.

    `facts` may hold `before` and `after`.
    """
    active = Membership.unscoped.filter(user=user, is_active=True).select_related("tenant", "user")
    for membership in active:
        _record(membership, action, actor=actor, reason=reason, **(facts or {}))


def _record(membership: Membership, action: str, **facts: Any) -> None:
    """Log what concerns a person by their address: a name they gave elsewhere says where they are known."""
    user = membership.user
    activity.record(membership.tenant, action=action, obj=user, label=user.email, **facts)


@transaction.atomic
def add_member(tenant: Tenant, *, user: User, role: str, actor: User | None = None) -> Membership:
    """Give a person a role in a tenant for the first time.

    Raises: IntegrityError, for who is a member already.
    """
    membership: Membership = Membership.objects.for_tenant(tenant).create(
        tenant=tenant, user=user, role=Role(role)
    )
    after = {"role": membership.role}
    _record(membership, "member.add", actor=actor, after=after)
    return membership


@transaction.atomic
def change_role(
    membership: Membership, *, role: str, actor: User | None = None, reason: str = ""
) -> Membership:
    """Give a member another role, from their next request on; a deactivated one comes back with it.

    Raises: LastAdmin.
    """
    held = _lock(membership)
    before = {"role": held.role, "is_active": held.is_active}
    after = {"role": str(Role(role)), "is_active": True}
    if before == after:
        return held
    if role != Role.ADMIN:
        _keep_an_admin(held)
    held.role, held.is_active = Role(role), True
    held.save(update_fields=["role", "is_active"])
    _record(held, "member.role", actor=actor, before=before, after=after, reason=reason)
    return held


@transaction.atomic
def deactivate(
    membership: Membership, *, actor: User | None = None, reason: str = ""
) -> Membership:
    """Close a tenant to a member, from their next request on; what they did stays.

    Raises: LastAdmin.
    """
    held = _lock(membership)
    if held.is_active:
        _keep_an_admin(held)
        held.is_active = False
        held.save(update_fields=["is_active"])
        before, after = {"role": held.role, "is_active": True}, {"is_active": False}
        _record(held, "member.deactivate", actor=actor, before=before, after=after, reason=reason)
    return held


@transaction.atomic
def reactivate(membership: Membership, *, actor: User | None = None) -> Membership:
    """Open a tenant again to a member, in the role they had."""
    held = _lock(membership)
    if not held.is_active:
        held.is_active = True
        held.save(update_fields=["is_active"])
        before, after = {"is_active": False}, {"role": held.role, "is_active": True}
        _record(held, "member.reactivate", actor=actor, before=before, after=after)
    return held


def _lock(membership: Membership) -> Membership:
    """Read a membership again, it and its tenant's admins locked, so that two changes cannot remove the last two."""
    members = Membership.objects.for_tenant(membership.tenant)
    concerned = Q(pk=membership.pk) | Q(role=Role.ADMIN)
    list(members.select_for_update().filter(concerned).order_by("pk"))
    found: Membership = members.select_related("user", "tenant").get(pk=membership.pk)
    return found


def admins_of(tenant: Tenant) -> list[User]:
    """Return who could change what others may not, by name."""
    active = _admins(tenant).select_related("user").order_by("user__name", "user__email")
    return [membership.user for membership in active]


def _admins(tenant: Tenant) -> QuerySet[Membership]:
    found: QuerySet[Membership] = Membership.objects.for_tenant(tenant).filter(
        role=Role.ADMIN, is_active=True, user__is_active=True
    )
    return found


def _keep_an_admin(membership: Membership) -> None:
    admins = _admins(membership.tenant)
    if (
        membership.role == Role.ADMIN
        and membership.is_active
        and not admins.exclude(pk=membership.pk).exists()
    ):
        raise LastAdmin(tenant=membership.tenant)
