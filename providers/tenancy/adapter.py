"""Bend allauth to an internal product: nobody signs up, and what happens at the door is logged."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from providers.tenancy import people
from providers.tenancy.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Close sign-up, and record sign-ins, refusals, sign-outs and passwords in the person's tenants."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "incorrect_password": _("The password is not right."),
        "enter_current_password": _("This is not your password now: type it again."),
        "too_many_login_attempts": _("Too many failed sign-ins. Wait five minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: admins and operators add people."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Lead on to an address of this very host alone; what is no address at all is none of them."""
        request: HttpRequest = self.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def login(self, request: HttpRequest, user: User) -> None:
        """Begin a session under a new key, and record it."""
        with transaction.atomic():
            super().login(request, user)
            people.record_for(user, action="sign_in", actor=user)

    def logout(self, request: HttpRequest) -> None:
        """Record the sign-out, end the session, and have the browser forget its pages."""
        with transaction.atomic():
            user = cast(User, request.user)  # allauth asks only for who is signed in
            people.record_for(user, action="sign_out", actor=user)
            super().logout(request)
        request.has_signed_out = True  # type: ignore[attr-defined]  # read by TenantMiddleware

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password against the person it was tried on; an unknown address leaves no trace."""
        email = str(credentials.get("email", "")).strip().lower()
        for user in User.objects.filter(email=email):
            people.record_for(user, action="sign_in.failed")

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Record that a deactivated person knew the password and was still refused."""
        if not user.is_active:
            people.record_for(user, action="sign_in.refused", reason="deactivated")
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def set_password(self, user: User, password: str) -> None:
        """Replace the person's own password, and record it."""
        people.set_password(user, password=password, actor=user)
