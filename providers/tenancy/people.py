"""Make tenants and people, give and take roles; each change is logged with it."""

import re
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from providers.tenancy import activity
from providers.tenancy.models import Membership, Role, Tenant, User

# First words of addresses outside any tenant, those kept free for such, and names that would mislead.
RESERVED_SLUGS = frozenset(
    """accounts admin api app assets auth dashboard docs favicon health help home hooks login logout media
    metrics mfa new public robots root security sign-in sign-out signup socialaccount static status support
    system tenant tenants user users well-known www""".split()
)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH = 50


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
    if not name.strip():
        faults["name"] = _("A tenant needs a name.")
    if time_zone not in available_timezones():
        faults["time_zone"] = _("“%s” is no time zone.") % time_zone
    if faults:
        raise ValidationError(faults)


def create_user(email: str, *, name: str = "", password: str | None = None) -> User:
    """Save a person with a verified address, so that they can sign in; without a password, after a reset.

    Raises: ValidationError naming `email` or `password`.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as fault:
        raise ValidationError({"email": fault.messages}) from fault
    if User.objects.filter(email=email).exists():
        raise ValidationError({"email": _("A person with this address exists.")})
    _check_password(password, user=User(email=email, name=name))
    with transaction.atomic():
        user = User.objects.create_user(email, password=password, name=name)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


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


def record_for(user: User, *, action: str, actor: User | None = None, reason: str = "") -> None:
    """Log something that concerns a person in every tenant they are an active member of."""
    active = Membership.unscoped.filter(user=user, is_active=True).select_related("tenant")
    for membership in active:
        activity.record(membership.tenant, actor=actor, action=action, obj=user, reason=reason)


@transaction.atomic
def add_member(tenant: Tenant, *, user: User, role: str, actor: User | None = None) -> Membership:
    """Give a person a role in a tenant for the first time.

    Raises: IntegrityError, for who is a member already.
    """
    membership: Membership = Membership.objects.for_tenant(tenant).create(
        tenant=tenant, user=user, role=Role(role)
    )
    after = {"role": membership.role}
    activity.record(tenant, actor=actor, action="member.add", obj=user, after=after)
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
    activity.record(
        held.tenant,
        actor=actor,
        action="member.role",
        obj=held.user,
        before=before,
        after=after,
        reason=reason,
    )
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
        activity.record(
            held.tenant,
            actor=actor,
            action="member.deactivate",
            obj=held.user,
            before={"role": held.role},
            reason=reason,
        )
    return held


def _lock(membership: Membership) -> Membership:
    """Read a membership again, its tenant's admins locked, so that two changes cannot remove the last two."""
    list(
        Membership.objects.for_tenant(membership.tenant).select_for_update().filter(role=Role.ADMIN)
    )
    found: Membership = Membership.objects.for_tenant(membership.tenant).get(pk=membership.pk)
    return found


def _keep_an_admin(membership: Membership) -> None:
    admins = Membership.objects.for_tenant(membership.tenant).filter(
        role=Role.ADMIN, is_active=True, user__is_active=True
    )
    if (
        membership.role == Role.ADMIN
        and membership.is_active
        and not admins.exclude(pk=membership.pk).exists()
    ):
        raise LastAdmin(tenant=membership.tenant)
