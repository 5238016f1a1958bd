"""Take what people decide about an account or a held reading; each fault says what would be right."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _

from balances.models import Account
from providers.decisions import DecisionForm, HolderForm, reason_field
from providers.tenancy.forms import NO_NULL, check_visible

NAME_LENGTH = 120


class RenameForm(DecisionForm):
    """Take a display name; an empty one takes it away."""

    name = "rename"
    title = _("Not renamed")
    display_name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=NAME_LENGTH,
        error_messages={
            "max_length": _("Use up to 120 letters."),
            "null_characters_not_allowed": NO_NULL,
        },
        validators=[check_visible],
    )


class CloseForm(DecisionForm):
    """Take the day from which an account counts no more."""

    name = "close"
    title = _("Not closed")
    closed_from = forms.DateField(
        label=_("Close from"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Choose the first day without it, as 2026-11-20."),
            "invalid": _("Write the day as 2026-11-20."),
        },
    )
    reason = reason_field()


class ReopenForm(DecisionForm):
    """Take why an account counts again."""

    name = "reopen"
    title = _("Not reopened")
    reason = reason_field()


class KeepForm(DecisionForm):
    """Take why a missing account stays."""

    name = "keep"
    title = _("Not kept")
    reason = reason_field()


class HeldForm(DecisionForm):
    """Take what becomes of a held reading."""

    name = "held"
    title = _("Not decided")
    CHOICES = (("accept", _("Accept the new reading")), ("discard", _("Discard it")))
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=CHOICES,
        error_messages={
            "required": _("Accept the reading or discard it."),
            "invalid_choice": _("Accept the reading or discard it."),
        },
    )
    reason = reason_field()


def account_forms(
    account: Account, *, today: date, refused: DecisionForm | None = None
) -> dict[str, DecisionForm]:
    """Return the forms of a balance's page by name, filled from the account; a refused one as it was typed."""
    made: list[DecisionForm] = [
        RenameForm(initial={"display_name": account.display_name}),
        HolderForm(initial={"holder": account.holder}),
        CloseForm(initial={"closed_from": today.isoformat()}),
        ReopenForm(),
        KeepForm(),
        HeldForm(),
    ]
    return {form.name: form for form in [*made, *([refused] if refused else [])]}
