"""Take what people type about people; each fault says what would be right."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.tenancy.context import THEMES
from providers.tenancy.models import Role
from providers.tenancy.people import EMAIL_LENGTH
from providers.tenancy.roles import SUMMARIES

Card = dict[str, Any]
REASON_LENGTH = 300
NAME_LENGTH = 150
NO_NULL = _("Leave out the null character.")


class TenancyForm(forms.Form):
    """A form whose choices stand as cards."""

    def cards(self, name: str, *, notes: Mapping[str, str | Promise] | None = None) -> list[Card]:
        """Return the choices of a field, as tenancy/_choices.html shows them."""
        field = cast(forms.ChoiceField, self.fields[name])
        chosen, found = str(self[name].value() or ""), (notes or {})
        choices = cast(Iterable[tuple[str, str]], field.choices)
        return [
            {
                "value": value,
                "label": label,
                "note": found.get(value, ""),
                "checked": value == chosen,
            }
            for value, label in choices
        ]

    def roles(self) -> list[Card]:
        """Return the roles with what each may do."""
        return self.cards("role", notes=SUMMARIES)


class RoleForm(TenancyForm):
    """Take a role, and why it changes."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        error_messages={
            "required": _("Choose a role."),
            "invalid_choice": _("Choose one of the four roles."),
        },
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        error_messages={
            "max_length": _("Use up to 300 letters."),
            "null_characters_not_allowed": NO_NULL,
        },
    )


class InviteForm(TenancyForm):
    """Take an address and a role."""

    email = forms.EmailField(
        label=_("Work e-mail"),
        max_length=EMAIL_LENGTH,
        error_messages={
            "required": _("Type the e-mail address of the person."),
            "invalid": _("An e-mail address looks like name@company.com."),
            "max_length": _("An e-mail address has up to 254 letters."),
            "null_characters_not_allowed": NO_NULL,
        },
    )
    role = RoleForm.base_fields["role"]


class ReasonForm(TenancyForm):
    """Take why something is done."""

    reason = RoleForm.base_fields["reason"]


def check_visible(text: str) -> None:
    """Refuse what could make a name read as another. Raises: ValidationError."""
    if not text.isprintable():
        raise ValidationError(_("Use letters, digits and signs alone: no marks that hide."))


class NameForm(TenancyForm):
    """Take one's own name, as colleagues see it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        error_messages={
            "required": _("Type the name that colleagues know you by."),
            "max_length": _("Use up to 150 letters."),
            "null_characters_not_allowed": NO_NULL,
        },
        validators=[check_visible],
    )


class DisplayForm(TenancyForm):
    """Take how pages look and whether single keys act."""

    LABELS = (_("Same as the system"), _("Light"), _("Dark"))
    theme = forms.ChoiceField(
        label=_("Theme"),
        choices=list(zip(THEMES, LABELS, strict=True)),
        error_messages={
            "required": _("Choose a theme."),
            "invalid_choice": _("Choose one of the three themes."),
        },
    )
    shortcuts = forms.BooleanField(label=_("Keyboard shortcuts"), required=False)

    def themes(self) -> list[Card]:
        """Return the themes to choose from."""
        return self.cards("theme")

    def cookies(self) -> dict[str, str]:
        """Return the cookies that keep what was chosen."""
        chosen: dict[str, Any] = self.cleaned_data
        return {"theme": chosen["theme"], "shortcuts": "on" if chosen["shortcuts"] else "off"}
