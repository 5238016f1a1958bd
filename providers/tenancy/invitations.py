"""Invite people by e-mail; whether an address was known anywhere before, no admin ever learns."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from providers.tenancy import activity, people
from providers.tenancy.models import Membership, Role, Tenant, User

SECONDS_A_DAY = 24 * 3600


def invite(tenant: Tenant, *, email: str, role: str, actor: User) -> Membership:
    """Give an address a role, and make its person if there is none; `send` must follow.

    Raises: ValidationError naming `email`.
    """
    email = email.strip().lower()
    try:
        return _add(tenant, email=email, role=role, actor=actor)
    except IntegrityError:
        # Somebody made the same person or membership at this moment: now it is found.
        return _add(tenant, email=email, role=role, actor=actor)


@transaction.atomic
def _add(tenant: Tenant, *, email: str, role: str, actor: User) -> Membership:
    members = Membership.objects.for_tenant(tenant)
    held = members.filter(user__email=email).first()
    if held is not None:
        raise ValidationError({"email": _taken(held)})
    user = User.objects.filter(email=email).first() or people.create_user(email)
    membership: Membership = members.create(tenant=tenant, user=user, role=Role(role))
    _record(membership, "member.invite", actor=actor)
    return membership


def _taken(membership: Membership) -> str:
    if membership.is_active:
        return _("This person is here already, as %(role)s: change the role in the list.") % {
            "role": membership.get_role_display().lower()
        }
    return _("This person was deactivated here: reactivate them in the list.")


@transaction.atomic
def invite_again(membership: Membership, *, actor: User) -> None:
    """Log that the letter is sent anew; `send` must follow."""
    _record(membership, "member.invite_again", actor=actor)


def _record(membership: Membership, action: str, *, actor: User) -> None:
    user, after = membership.user, {"role": membership.role}
    activity.record(
        membership.tenant, action=action, actor=actor, obj=user, label=user.email, after=after
    )


def send(membership: Membership, *, actor: User, request: HttpRequest) -> bool:
    """Write to the person, outside any transaction; False when the mail server did not take it.

    Who has no password gets a link that sets one, once; who has one, the way to the sign-in.
    """
    user = membership.user
    context = {
        "tenant": membership.tenant,
        "role": membership.get_role_display(),
        "actor": actor,
        "link": "" if user.has_usable_password() else _password_url(user, request=request),
        "sign_in_url": request.build_absolute_uri(f"/{membership.tenant.slug}/"),
        "days": settings.PASSWORD_RESET_TIMEOUT // SECONDS_A_DAY,
    }
    try:
        get_adapter(request).send_mail("tenancy/email/invitation", user.email, context)
    except OSError:
        return False
    return True


def _password_url(user: User, *, request: HttpRequest) -> str:
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    url: str = get_adapter(request).get_reset_password_from_key_url(key)
    return url
