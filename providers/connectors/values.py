"""Hand a connector its settings typed and its secrets veiled."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from providers.connectors.fields import CredentialField, FieldKind

VEIL = "***"


class Secret:
    """Keep a secret out of every text made by accident: repr, str, format, pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hold the value."""
        self._value = value

    def reveal(self) -> str:
        """Return the value; only what builds a request header may ask."""
        return self._value

    def __repr__(self) -> str:
        """Show the veil."""
        return VEIL

    def __eq__(self, other: object) -> bool:
        """Compare by value."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """Hash by value."""
        return hash(self._value)

    def __reduce__(self) -> Any:
        """Refuse to be written anywhere."""
        raise TypeError("a secret is not serialised")


class Values(Mapping[str, Any]):
    """Read settings by name: lists as tuples, decimals as Decimal, secrets as Secret.

    A setting that was not stored (it is newer than the credential) has its declared default.
    """

    def __init__(
        self,
        fields: tuple[CredentialField, ...],
        *,
        settings: Mapping[str, Any],
        secrets: Mapping[str, str | Secret] | None = None,
    ) -> None:
        """Type the stored values once."""
        given = secrets or {}
        self._values: dict[str, Any] = {}
        for each in fields:
            if not each.is_secret:
                self._values[each.name] = _typed(each, settings.get(each.name, each.default))
            elif each.name in given:
                self._values[each.name] = _veiled(given[each.name])

    def __getitem__(self, name: str) -> Any:
        """Return one value."""
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """Walk the names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._values)

    def __repr__(self) -> str:
        """Show the settings, the secrets veiled."""
        return f"Values({self._values!r})"


def _veiled(value: str | Secret) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)


def _typed(declared: CredentialField, stored: Any) -> Any:
    if declared.kind is FieldKind.LIST:
        return tuple(stored or ())
    if declared.kind is FieldKind.DECIMAL:
        return None if stored in (None, "") else Decimal(str(stored))
    if declared.kind is FieldKind.BOOLEAN:
        return bool(stored)
    return "" if stored is None else stored
