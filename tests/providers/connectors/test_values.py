import copy
import pickle
from decimal import Decimal

import pytest

from providers.connectors.base import CredentialField, FieldKind, Secret, Values

FIELDS = (
    CredentialField(name="key", label="Key", kind=FieldKind.SECRET),
    CredentialField(name="codes", label="Codes", kind=FieldKind.LIST),
    CredentialField(name="rate", label="Rate", kind=FieldKind.DECIMAL, default="10"),
    CredentialField(name="least", label="Least", kind=FieldKind.DECIMAL),
    CredentialField(name="detail", label="Detail", kind=FieldKind.BOOLEAN),
    CredentialField(name="path", label="Path"),
)


def test_stored_settings_come_back_typed() -> None:
    values = Values(
        FIELDS, settings={"codes": ["USD"], "rate": "2.5", "detail": True, "path": "/a"}
    )

    assert dict(values) == {
        "codes": ("USD",),
        "rate": Decimal("2.5"),
        "least": None,
        "detail": True,
        "path": "/a",
    }
    assert len(values) == 5


def test_setting_younger_than_the_credential_has_its_default() -> None:
    values = Values(FIELDS, settings={})

    assert (values["codes"], values["rate"], values["detail"], values["path"]) == (
        (),
        Decimal(10),
        False,
        "",
    )


def test_secret_is_veiled_in_every_text() -> None:
    secret = Secret("s3cret")
    values = Values(FIELDS, settings={}, secrets={"key": secret})

    shown = f"{secret} {secret!r} {values} {values!r} {dict(values)}"

    assert "s3cret" not in shown
    assert values["key"].reveal() == "s3cret"


def test_secret_is_wrapped_compared_and_never_written() -> None:
    values = Values(FIELDS, settings={}, secrets={"key": "s3cret"})

    assert values["key"] == Secret("s3cret")
    assert values["key"] != "s3cret"
    assert len({Secret("a"), Secret("a")}) == 1
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not serialised"):
            write(values["key"])
