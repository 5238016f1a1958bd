"""Declare what an admin enters for a provider, and read what was entered.

A connector declares its fields; forms, commands and checks are made from them, so that a new
provider needs no screen of its own. Read settings are plain JSON values, as they are stored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, urlsplit

from providers.money import AmountError, parse_amount, plain
from providers.phrases import phrase as _

TEXT_LENGTH = 300
LIST_LENGTH = 5_000


class FieldKind(StrEnum):
    """Name the forms a field's value may take."""

    TEXT = "TEXT"
    SECRET = "SECRET"
    URL = "URL"
    INTEGER = "INTEGER"
    DECIMAL = "DECIMAL"
    CHOICE = "CHOICE"
    LIST = "LIST"
    BOOLEAN = "BOOLEAN"


class FieldGroup(StrEnum):
    """Name the section of the form a field stands in."""

    CONNECTION = "connection"
    WATCH = "watch"
    SCHEDULE = "schedule"


class SettingsError(ValueError):
    """Hold one message per field that was refused, none with a secret in it."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep the messages by field."""
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {message}" for name, message in errors.items()))


class FieldError(ValueError):
    """Say what is wrong with one value."""


@dataclass(frozen=True, kw_only=True)
class CredentialField:
    """Describe one value an admin enters; `help` says where it is found.

    `missing` says what would be right where a required one is left empty.
    Units: `minimum` and `maximum` bound numbers. `pattern` must match a whole text or list item,
    `pattern_help` says it in words. `unavailable` maps choices that are listed but refused to why.
    """

    name: str
    label: str
    help: str = ""
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    missing: str = ""
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    group: FieldGroup = FieldGroup.CONNECTION
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    is_upper: bool = False
    pattern: str = ""
    pattern_help: str = ""
    unavailable: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_secret(self) -> bool:
        """Tell the values that are sealed and never shown again."""
        return self.kind is FieldKind.SECRET

    def parse(self, raw: Any) -> Any:
        """Return the value as it is stored: text, integer, boolean or list of texts.

        Raises: FieldError, in words for the admin.
        """
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return self._blank()
        value = _PARSERS[self.kind](self, raw)
        return self._blank() if value in ("", []) else value

    def _blank(self) -> Any:
        """Return the default of a field left empty."""
        if self.required:
            raise FieldError(self.missing)
        if self.default is None:
            return [] if self.kind is FieldKind.LIST else ""
        return self.default


def parse_fields(
    fields: tuple[CredentialField, ...], raw: Mapping[str, Any], *, label: str
) -> dict[str, Any]:
    """Read every declared setting, defaults filled in; an unknown name is an error.

    Raises: SettingsError, with one message per refused field.
    """
    known = {each.name: each for each in fields if not each.is_secret}
    errors: dict[str, str] = {
        name: _(
            "Not a setting of %(label)s; its settings are %(known)s.",
            label=label,
            known=", ".join(known),
        )
        for name in raw
        if name not in known
    }
    settings: dict[str, Any] = {}
    for name, each in known.items():
        try:
            settings[name] = each.parse(raw.get(name))
        except FieldError as fault:
            errors[name] = str(fault)
    if errors:
        raise SettingsError(errors)
    return settings


def parse_secrets(
    fields: tuple[CredentialField, ...], raw: Mapping[str, str], *, label: str
) -> dict[str, str]:
    """Read the secret values: trimmed, printable ASCII, every required one there.

    Raises: SettingsError, whose messages never hold a value.
    """
    known = {each.name: each for each in fields if each.is_secret}
    errors: dict[str, str] = {
        name: _(
            "Not a secret of %(label)s; its secrets are %(known)s.",
            label=label,
            known=", ".join(known),
        )
        for name in raw
        if name not in known
    }
    secrets: dict[str, str] = {}
    for name, each in known.items():
        try:
            secrets[name] = each.parse(raw.get(name))
        except FieldError as fault:
            errors[name] = str(fault)
    if errors:
        raise SettingsError(errors)
    return {name: value for name, value in secrets.items() if value}


def _parse_text(declared: CredentialField, raw: Any) -> str:
    text = str(raw).strip()
    if declared.is_upper:
        text = text.upper()
    if len(text) > TEXT_LENGTH:
        raise FieldError(_("At most %(most)d characters.", most=TEXT_LENGTH))
    if not text.isprintable():
        raise FieldError(_("Control characters are not allowed."))
    if declared.pattern and not re.fullmatch(declared.pattern, text):
        raise FieldError(declared.pattern_help)
    return text


def _parse_secret(declared: CredentialField, raw: Any) -> str:
    # The value goes into a header: anything else would fail late, or write a second header.
    text = str(raw).strip()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise FieldError(_("Only printable ASCII without spaces; was something else copied along?"))
    return text


def _parse_url(declared: CredentialField, raw: Any) -> str:
    text = _parse_text(declared, raw).rstrip("/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise FieldError(_("Not an address.")) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise FieldError(_("Enter an address such as https://api.example.com/v1."))
    if _has_extras(parts) or "?" in text or "#" in text or not text.isascii() or " " in text:
        raise FieldError(
            _("Only scheme, host, port and path: no name, password, query or fragment.")
        )
    return text


def _has_extras(parts: SplitResult) -> bool:
    return parts.username is not None or parts.password is not None or "\\" in parts.netloc


def _parse_integer(declared: CredentialField, raw: Any) -> int:
    text = str(raw).strip()
    if isinstance(raw, bool) or not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise FieldError(_("Enter a whole number."))
    _check_bounds(declared, Decimal(text))
    return int(text)


def _parse_decimal(declared: CredentialField, raw: Any) -> str:
    try:
        number = parse_amount("" if isinstance(raw, bool) else str(raw).strip())
    except AmountError:
        raise FieldError(_("Enter a number such as 2.5.")) from None
    _check_bounds(declared, number)
    return plain(number)


def _check_bounds(declared: CredentialField, number: Decimal) -> None:
    if declared.minimum is not None and number < declared.minimum:
        raise FieldError(_("At least %(least)s.", least=plain(declared.minimum)))
    if declared.maximum is not None and number > declared.maximum:
        raise FieldError(_("At most %(most)s.", most=plain(declared.maximum)))


def _parse_choice(declared: CredentialField, raw: Any) -> str:
    text = str(raw).strip()
    if text in declared.unavailable:
        raise FieldError(declared.unavailable[text])
    if text not in dict(declared.choices):
        offered = ", ".join(
            value for value, _label in declared.choices if value not in declared.unavailable
        )
        raise FieldError(_("Choose one of: %(offered)s.", offered=offered))
    return text


def _parse_list(declared: CredentialField, raw: Any) -> list[str]:
    if not isinstance(raw, str | list | tuple):
        raise FieldError(_("Enter a list, separated by commas."))
    items = re.split(r"[,\n]", raw) if isinstance(raw, str) else raw
    texts = [_parse_item(declared, item) for item in items if str(item).strip()]
    if len(texts) > LIST_LENGTH:
        raise FieldError(_("At most %(most)d entries.", most=LIST_LENGTH))
    return list(dict.fromkeys(texts))


def _parse_item(declared: CredentialField, item: Any) -> str:
    try:
        return _parse_text(declared, item)
    except FieldError as fault:
        shown = str(item).strip()[:64]
        raise FieldError(
            _(
                "%(entry)s: %(fault)s",
                entry=shown if shown.isprintable() else _("An entry"),
                fault=str(fault),
            )
        ) from None


def _parse_boolean(declared: CredentialField, raw: Any) -> bool:
    text = str(raw).strip().lower()
    if text in ("true", "on", "yes", "1"):
        return True
    if text in ("false", "off", "no", "0"):
        return False
    raise FieldError(_("Enter true or false."))


_PARSERS: dict[FieldKind, Callable[[CredentialField, Any], Any]] = {
    FieldKind.TEXT: _parse_text,
    FieldKind.SECRET: _parse_secret,
    FieldKind.URL: _parse_url,
    FieldKind.INTEGER: _parse_integer,
    FieldKind.DECIMAL: _parse_decimal,
    FieldKind.CHOICE: _parse_choice,
    FieldKind.LIST: _parse_list,
    FieldKind.BOOLEAN: _parse_boolean,
}
