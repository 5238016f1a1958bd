"""Open the door: sign-in and passwords of allauth, which say why a sign-in ended, and what is wrong with 422."""

from datetime import timedelta
from typing import Any

from allauth.account import views
from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.tenancy import door_forms
from providers.tenancy.sessions import ENDED_FIELD, GONE, IDLE, IDLE_SECONDS, OLD

UNPROCESSABLE = 422


class Refusing:
    """Answer a form with faults by 422, as every form of the product does."""

    def form_invalid(self, form: Form) -> HttpResponse:
        """Show the form again, with what was typed and never a password."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]  # a mixin of form views
        response.status_code = UNPROCESSABLE
        return response


class SignIn(Refusing, views.LoginView):  # type: ignore[misc]  # allauth publishes no types
    """Ask for address and password, and say why the sign-in before ended."""

    form_class = door_forms.SignInForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add `signed_out` (fact, text) for who was led here from a page."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found | {"signed_out": _signed_out(self.request, back=self.get_next_url() or "")}


class Reauthenticate(Refusing, views.ReauthenticateView):  # type: ignore[misc]  # as above
    """Ask for the password again."""

    form_class = door_forms.ReauthenticateForm


class PasswordChange(Refusing, views.PasswordChangeView):  # type: ignore[misc]  # as above
    """Take one's old password and a new one."""

    form_class = door_forms.PasswordChangeForm


class PasswordReset(Refusing, views.PasswordResetView):  # type: ignore[misc]  # as above
    """Take the address that a link goes to."""

    form_class = door_forms.PasswordResetForm


class PasswordResetFromKey(Refusing, views.PasswordResetFromKeyView):  # type: ignore[misc]  # as above
    """Take a new password from who followed the link."""

    form_class = door_forms.PasswordResetFromKeyForm


def _signed_out(request: HttpRequest, *, back: str) -> dict[str, str]:
    """Say how the sign-in before ended and where the next one leads; nothing for who had none."""
    facts = {IDLE: _after_idling(), OLD: _after_half_a_day(), GONE: _("You were signed out.")}
    fact = facts.get(request.GET.get(ENDED_FIELD, ""))
    if fact is None:
        return {}
    text = _("Sign in to go on.")
    if "?" in back:
        text = _("Sign in and you will be back on this view, with its filters.")
    elif back.strip("/"):
        text = _("Sign in and you will be back on this page.")
    return {"fact": fact, "text": text}


def _after_idling() -> str:
    minutes = IDLE_SECONDS // 60
    text = ngettext(
        "You were signed out after %(n)d minute.",
        "You were signed out after %(n)d minutes.",
        minutes,
    )
    return text % {"n": minutes}


def _after_half_a_day() -> str:
    hours = timedelta(seconds=settings.SESSION_COOKIE_AGE) // timedelta(hours=1)
    text = ngettext(
        "You were signed out after %(n)d hour, as everybody is.",
        "You were signed out after %(n)d hours, as everybody is.",
        hours,
    )
    return text % {"n": hours}
