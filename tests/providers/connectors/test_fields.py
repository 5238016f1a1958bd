from decimal import Decimal
from typing import Any

import pytest

from providers.connectors.fields import (
    LIST_LENGTH,
    CredentialField,
    FieldError,
    FieldKind,
    SettingsError,
    parse_fields,
    parse_secrets,
)

LIST = CredentialField(
    name="codes",
    label="Codes",
    kind=FieldKind.LIST,
    is_upper=True,
    pattern="[A-Z0-9]{2,12}",
    pattern_help="No code.",
)
URL = CredentialField(name="base_url", label="Base URL", kind=FieldKind.URL)
WHOLE = CredentialField(
    name="interval",
    label="Interval",
    kind=FieldKind.INTEGER,
    default=300,
    minimum=Decimal(60),
    maximum=Decimal(900),
)
RATE = CredentialField(
    name="rate", label="Rate", kind=FieldKind.DECIMAL, default="10", minimum=Decimal("0.1")
)
PATH = CredentialField(
    name="path",
    label="Path",
    kind=FieldKind.CHOICE,
    default="v1",
    choices=(("v1", "One"), ("v3", "Three")),
    unavailable={"v3": "Not yet."},
)
SWITCH = CredentialField(name="detail", label="Detail", kind=FieldKind.BOOLEAN, default=False)
KEY = CredentialField(
    name="key", label="Key", kind=FieldKind.SECRET, required=True, missing="Paste the key."
)


@pytest.mark.parametrize(
    ("declared", "raw", "stored"),
    [
        (LIST, " usd, USDC\nusd ,,", ["USD", "USDC"]),
        (LIST, ["eur", "EUR"], ["EUR"]),
        (LIST, "", []),
        (LIST, " , ", []),
        (URL, " https://api.example.com/v1/ ", "https://api.example.com/v1"),
        (URL, "http://127.0.0.1:9101/payman/api", "http://127.0.0.1:9101/payman/api"),
        (URL, None, ""),
        (WHOLE, "60", 60),
        (WHOLE, 900, 900),
        (WHOLE, "  ", 300),
        (RATE, "2.50", "2.5"),
        (RATE, Decimal("0.1"), "0.1"),
        (RATE, 3, "3"),
        (PATH, "v1", "v1"),
        (PATH, "", "v1"),
        (SWITCH, "on", True),
        (SWITCH, True, True),
        (SWITCH, "false", False),
        (SWITCH, None, False),
    ],
)
def test_entered_value_is_stored_as(declared: CredentialField, raw: Any, stored: Any) -> None:
    assert declared.parse(raw) == stored


@pytest.mark.parametrize(
    ("declared", "raw", "message"),
    [
        (LIST, "USD, U$D", "U\\$D: No code"),
        (LIST, "x\x00y", "An entry"),
        (LIST, 7, "separated by commas"),
        (LIST, ",".join(f"A{n}" for n in range(LIST_LENGTH + 1)), "At most 5000"),
        (URL, "api.example.com", "such as https"),
        (URL, "ftp://api.example.com", "such as https"),
        (URL, "https://", "such as https"),
        (URL, "https://x:0/", "such as https"),
        (URL, "https://x:99999/", "Not an address"),
        (URL, "https://[::1/", "Not an address"),
        (URL, "https://user:pw@x/", "no name, password"),
        (URL, "https://x/?a=1", "no name, password"),
        (URL, "https://x/#f", "no name, password"),
        (URL, "https://exämple.com", "no name, password"),
        (URL, "https://x/a b", "no name, password"),
        (URL, "https://good\\@evil", "no name, password"),
        (URL, "https://x/" + "a" * 300, "At most 300"),
        (WHOLE, "59", "At least 60"),
        (WHOLE, "901", "At most 900"),
        (WHOLE, "1e3", "whole number"),
        (WHOLE, "٣٠٠", "whole number"),
        (WHOLE, True, "whole number"),
        (RATE, "0", "At least 0.1"),
        (RATE, "fast", "such as 2.5"),
        (RATE, "NaN", "such as 2.5"),
        (RATE, False, "such as 2.5"),
        (PATH, "v2", "one of: v1"),
        (PATH, "v3", "Not yet"),
        (SWITCH, "perhaps", "true or false"),
        (KEY, "", "Paste the key."),
        (KEY, "a b", "printable ASCII"),
        (KEY, "a\r\nX-Evil: 1", "printable ASCII"),
        (KEY, "ключ", "printable ASCII"),
    ],
)
def test_bad_value_is_refused_in_words(declared: CredentialField, raw: Any, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        declared.parse(raw)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_fields((WHOLE, PATH, KEY), {"interval": "1", "path": "v2", "key": "x"}, label="Acme")

    assert set(caught.value.errors) == {"interval", "path", "key"}
    assert caught.value.errors["key"] == "Not a setting of Acme; its settings are interval, path."
    assert "interval: At least 60." in str(caught.value)


def test_secrets_are_trimmed_and_unknown_ones_refused() -> None:
    assert parse_secrets((KEY,), {"key": " s3cret "}, label="Acme") == {"key": "s3cret"}
    with pytest.raises(SettingsError) as caught:
        parse_secrets((KEY,), {"key": "s3 cret", "other": "s3cret"}, label="Acme")
    assert set(caught.value.errors) == {"key", "other"}
    assert "s3" not in str(caught.value)


def test_optional_secret_left_empty_is_no_secret() -> None:
    optional = CredentialField(name="hook", label="Hook", kind=FieldKind.SECRET)

    assert parse_secrets((optional,), {"hook": ""}, label="Acme") == {}
