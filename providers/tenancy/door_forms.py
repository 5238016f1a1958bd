"""Put the forms of allauth into our words: what each field is called, and what would be right in it."""

from typing import Any

from allauth.account import forms
from django.forms import Field
from django.utils.translation import gettext_lazy as _

ADDRESS = _("An e-mail address looks like name@company.com.")
PASSWORD = _("A password holds no null character.")
# By field, as lazy texts: its label, what to say when nothing is typed, and when it cannot be understood.
WORDS: dict[str, tuple[Any, Any, Any]] = {
    "login": (_("Work e-mail"), _("Type your work e-mail address."), ADDRESS),
    "email": (_("Work e-mail"), _("Type your work e-mail address."), ADDRESS),
    "password": (_("Password"), _("Type your password."), PASSWORD),
    "oldpassword": (_("Password now"), _("Type the password you have now."), PASSWORD),
    "password1": (_("New password"), _("Type a new password of 12 characters or more."), PASSWORD),
    "password2": (_("New password again"), _("Type the new password a second time."), PASSWORD),
}


class Worded:
    """Give the fields of a form their words."""

    fields: dict[str, Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Build the form and replace its words."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label, nothing, wrong = WORDS[name]
            field.label = label
            field.error_messages |= {
                "required": nothing,
                "invalid": wrong,
                "max_length": wrong,
                "null_characters_not_allowed": wrong,
            }


class SignInForm(Worded, forms.LoginForm):  # type: ignore[misc]  # allauth publishes no types
    """Take address and password."""


class ReauthenticateForm(Worded, forms.ReauthenticateForm):  # type: ignore[misc]  # as above
    """Take the password again."""


class PasswordChangeForm(Worded, forms.ChangePasswordForm):  # type: ignore[misc]  # as above
    """Take the password now and a new one, twice."""


class PasswordResetForm(Worded, forms.ResetPasswordForm):  # type: ignore[misc]  # as above
    """Take the address that a link goes to."""


class PasswordResetFromKeyForm(Worded, forms.ResetPasswordKeyForm):  # type: ignore[misc]  # as above
    """Take a new password, twice."""
