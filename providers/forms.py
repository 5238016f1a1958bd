"""Make the credential form from what the connector declares; secrets go in and never come out."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from providers.connectors.base import Connector, CredentialField, FieldKind, SettingsError
from providers.models import Credential, Environment
from providers.phrases import translated
from providers.services.drafts import (
    NAME_LENGTH,
    Draft,
    Entered,
    check,
    check_environment,
)
from providers.services.secrets import settings_of
from providers.tenancy.models import Tenant
from providers.words import every, lasting

GROUPS = ("connection", "watch", "schedule")
OWN_FIELDS = ("name", "environment")
MINUTE, HOUR, DAY = 60, 3_600, 86_400
LONGEST_SPAN = 9  # digits
# The spans offered; one that was saved or typed stays among them.
SPANS = {
    "interval": (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY),
    "stale_after": (15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 12 * HOUR, DAY, 2 * DAY),
}


class CredentialForm(forms.Form):
    """Take a credential's name, environment, settings and secrets; `draft` is set when all are right.

    The fields check nothing themselves: the services do, for form and command alike. A settings
    value is shown again as it was typed, a secret never.
    """

    name = forms.CharField(
        label=_("Name"),
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "maxlength": NAME_LENGTH}),
    )
    environment = forms.ChoiceField(
        label=_("Environment"),
        choices=Environment.choices,
        widget=forms.Select(attrs={"class": "select"}),
        initial=Environment.LIVE,
        help_text=_("Fixed once saved. Sandbox figures never join live totals."),
    )
    draft: Draft | None = None

    def __init__(
        self,
        *,
        connector: Connector,
        tenant: Tenant,
        saved: Credential | None = None,
        data: Any = None,
    ) -> None:
        """Add a field for each that the connector declares, filled from the saved credential."""
        self.connector, self.tenant, self.saved = connector, tenant, saved
        super().__init__(data, initial=_initial(saved, connector=connector))
        for declared in connector.fields:
            self.fields[declared.name] = _form_field(declared)
        if saved is not None:
            del self.fields["environment"]
        for name in SPANS:
            self.fields[name].widget = _spans(name, self[name].value())

    def clean(self) -> dict[str, Any]:
        """Have the services check everything at once, and keep the draft they return."""
        entered = super().clean() or {}
        try:
            self.draft = check(self._entered(entered))
            check_environment(self.draft)
        except SettingsError as fault:
            self.draft = None
            self.add_faults(fault.errors)
        return entered

    def add_faults(self, faults: Mapping[str, str]) -> None:
        """Put each fault at its field, and one of no field of ours above the form."""
        for name, message in faults.items():
            self.add_error(
                name if name in self.fields else None, translated(message, into=translation)
            )

    def groups(self) -> dict[str, list[BoundField]]:
        """Return the settings fields by section, in the order they are declared."""
        return {group: self._bound(group, is_secret=False) for group in GROUPS}

    def secret_fields(self) -> list[BoundField]:
        """Return the fields that are never filled in."""
        return self._bound("connection", is_secret=True)

    def faulty(self) -> list[BoundField]:
        """Return the fields with errors, as the summary links them."""
        return [self[name] for name in self.fields if name in self.errors]

    def is_emptied(self, name: str) -> bool:
        """Tell a secret that was sent and is right, and that the page which comes back does not hold."""
        return self.is_bound and name not in self.errors and bool((self[name].data or "").strip())

    def _bound(self, group: str, *, is_secret: bool) -> list[BoundField]:
        return [
            self[each.name]
            for each in self.connector.fields
            if each.group == group and each.is_secret is is_secret
        ]

    def _entered(self, entered: Mapping[str, Any]) -> Entered:
        secrets = {each.name for each in self.connector.fields if each.is_secret}
        return Entered(
            tenant=self.tenant,
            provider=self.connector.code,
            environment=entered.get("environment") or Environment.LIVE,
            name=entered.get("name", ""),
            settings={
                name: value
                for name, value in entered.items()
                if name not in secrets and name not in OWN_FIELDS
            },
            secrets={name: entered.get(name, "") for name in secrets},
            saved=self.saved,
        )


def _initial(saved: Credential | None, *, connector: Connector) -> dict[str, Any]:
    """Return what an unbound form shows: the saved settings, or the declared defaults."""
    if saved is None:
        return {each.name: _shown(each.default) for each in connector.fields if not each.is_secret}
    settings = {name: _shown(value) for name, value in settings_of(saved).items()}
    return {"name": saved.name, **settings}


def _shown(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list | tuple) else value


def _form_field(declared: CredentialField) -> forms.Field:
    """Return the control for a declared field; nothing is required here, the services say so."""
    label, help_text = (
        translated(text, into=translation) for text in (declared.label, declared.help)
    )
    if declared.kind is FieldKind.BOOLEAN:
        return forms.BooleanField(label=label, help_text=help_text, required=False)
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        strip=not declared.is_secret,
        widget=_widget(declared),
    )


def _widget(declared: CredentialField) -> forms.Widget:
    attrs = {"class": "input", "placeholder": declared.placeholder, "spellcheck": "false"}
    if declared.kind is FieldKind.SECRET:
        attrs |= {"class": "input mono", "autocomplete": "new-password"}
        return forms.PasswordInput(attrs=attrs, render_value=False)
    if declared.kind is FieldKind.CHOICE:
        return forms.Select(choices=declared.choices, attrs={"class": "select"})
    if declared.kind is FieldKind.LIST:
        return forms.Textarea(attrs={**attrs, "rows": "3"})
    if declared.kind in (FieldKind.INTEGER, FieldKind.DECIMAL):
        attrs["inputmode"] = "numeric" if declared.kind is FieldKind.INTEGER else "decimal"
    return forms.TextInput(attrs=attrs)


def _spans(name: str, value: Any) -> forms.Select:
    """Return the control for a span of seconds, with the words a person uses for them."""
    text, offered = str(value or "").strip(), list(SPANS[name])
    choices: list[tuple[str, Any]] = []
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_SPAN:
        offered = sorted({*offered, int(text)})
    elif text:
        choices.append((text, text))
    if name == "stale_after":
        choices.append(("", _("15 minutes, or two intervals if that is longer")))
    say = every if name == "interval" else lasting
    choices += [(str(seconds), say(seconds)) for seconds in offered]
    return forms.Select(choices=choices, attrs={"class": "select"})
