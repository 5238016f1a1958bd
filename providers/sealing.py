"""Seal secrets so that a stolen database, or a row copied to another, tells nothing.

A sealed value is the text `v1.<kid>.<nonce>.<ct>`: AES-256-GCM under the key `kid` of a ring, with
tenant, credential and field as associated data. The first key of the ring seals, all of them open.
No Django here: `providers.services.secrets` knows the ring that the settings name, and veils what
was opened.
"""

import base64
import binascii
import os
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12

_KID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealingError(Exception):
    """Say why a value cannot be sealed or opened: it names the key, without the value or the key itself."""

    code = "secret_unreadable"

    @property
    def explained(self) -> str:
        """Say it for storing and showing beside the code."""
        return str(self)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Name the one place a sealed value may stand: it opens nowhere else."""

    tenant: int
    credential: str
    field: str

    def bound(self, kid: str) -> bytes:
        """Return the associated data; no part may hold the separator, so no two places are alike."""
        parts = (VERSION, kid, str(self.tenant), self.credential, self.field)
        if any("\x1f" in part for part in parts) or not self.credential or not self.field:
            raise SealingError("A secret needs a credential and a field to be bound to.")
        return "\x1f".join(parts).encode()


class KeyRing:
    """Hold the versioned keys, first the one that seals."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        """Take the keys in order. Raises: SealingError, for none or a wrong length."""
        if not keys:
            raise SealingError("The key ring is empty: set SEALING_KEYS.")
        for kid, key in keys.items():
            if _KID.fullmatch(kid) is None or len(key) != KEY_BYTES:
                raise SealingError(
                    f"Sealing key {kid!r} must be {KEY_BYTES} bytes with a plain name."
                )
        self._ciphers = {kid: AESGCM(key) for kid, key in keys.items()}
        self.kid = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `kid:base64,kid:base64`. Raises: SealingError, naming the entry but not its key."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), 1):
            kid, _, encoded = entry.partition(":")
            if kid in keys:
                raise SealingError(f"SEALING_KEYS names {kid!r} twice.")
            try:
                keys[kid] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise SealingError(f"SEALING_KEYS entry {number} is not base64.") from None
        return cls(keys)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._ciphers)})"

    def seal(self, value: str, *, place: Place) -> str:
        """Seal a value for its place, under the first key and a fresh nonce."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._ciphers[self.kid]
        sealed = cipher.encrypt(nonce, value.encode(), place.bound(self.kid))
        return ".".join((VERSION, self.kid, _encode(nonce), _encode(sealed)))

    def open(self, sealed: str, *, place: Place) -> str:
        """Open a value in its place.

        Raises: SealingError, when it was sealed for another row, changed, or its key is gone.
        """
        kid, nonce, body = _split(sealed)
        if kid not in self._ciphers:
            raise SealingError(f"The key {kid!r} is not in the ring.")
        try:
            opened = self._ciphers[kid].decrypt(nonce, body, place.bound(kid))
        except InvalidTag:
            raise SealingError(
                f"The key {kid!r} does not open it: it was changed, or sealed for another place."
            ) from None
        return opened.decode()


def key_of(sealed: str) -> str:
    """Return the name of the key a value needs. Raises: SealingError."""
    return _split(sealed)[0]


def _split(sealed: str) -> tuple[str, bytes, bytes]:
    parts = sealed.split(".")
    if len(parts) != 4 or parts[0] != VERSION or _KID.fullmatch(parts[1]) is None:
        raise SealingError("The value is not one of ours.")
    try:
        nonce, body = _decode(parts[2]), _decode(parts[3])
    except (binascii.Error, ValueError):
        raise SealingError("The value is damaged.") from None
    if len(nonce) != NONCE_BYTES:
        raise SealingError("The value is damaged.")
    return parts[1], nonce, body


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Read base64 in its one spelling: spare bits in the last letter would open changed text."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise ValueError("not in its one spelling")
    return raw
