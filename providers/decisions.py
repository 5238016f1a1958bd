"""Take what people decide about a credential, and the parts that decisions about its accounts share."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from providers.connectors import CONNECTORS
from providers.models import Credential
from providers.rows import Holder
from providers.tenancy.forms import NO_NULL, REASON_LENGTH

HOLDERS = ((Holder.OWN.value, _("Own")), (Holder.CUSTOMERS.value, _("Customers'")))


def reason_field(*, required: bool = True) -> forms.CharField:
    """Make the field for why something is done, which the activity log keeps."""
    return forms.CharField(
        label=_("Reason"),
        required=required,
        max_length=REASON_LENGTH,
        error_messages={
            "required": _("Give a reason: it stands in the activity log."),
            "max_length": _("Use up to 300 letters."),
            "null_characters_not_allowed": NO_NULL,
        },
    )


class HolderField(forms.ChoiceField):
    """Take whose money it is, in any case of letters."""

    def __init__(self) -> None:
        """Offer our own and our customers'."""
        wrong = _("Choose Own or Customers'.")
        messages = {"required": wrong, "invalid_choice": wrong}
        super().__init__(label=_("Whose money it is"), choices=HOLDERS, error_messages=messages)

    def to_python(self, value: Any) -> str:
        """Read a posted value."""
        return str(super().to_python(value)).upper()


class DecisionForm(forms.Form):
    """Hold one decision; its fields' ids begin with its name, since several stand on a page."""

    name: ClassVar[str] = ""
    title: ClassVar[Any] = _("Not changed")

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        """Take what was posted, or what is shown before."""
        super().__init__(data, initial=initial, auto_id=f"{self.name}-%s")


class HolderForm(DecisionForm):
    """Take whose money an account or a credential holds."""

    name = "holder"
    holder = HolderField()
    reason = reason_field()


class RetireForm(DecisionForm):
    """Take why a credential ends for good; it may stay unsaid."""

    name = "retire"
    title = _("Not retired")
    reason = reason_field(required=False)


def credential_forms(
    credential: Credential, *, refused: DecisionForm | None = None
) -> dict[str, DecisionForm]:
    """Return the forms of a credential's page by name, filled from it; a refused one as it was typed."""
    made: list[DecisionForm] = [RetireForm()]
    connector = CONNECTORS.get(credential.provider)
    if connector is None or not connector.has_fixed_holders:
        made.append(HolderForm(initial={"holder": credential.holder}))
    return {form.name: form for form in [*made, *([refused] if refused else [])]}
