"""Check that every secret opens where it stands, and stands nowhere in the clear."""

import json
import re
from collections.abc import Iterator, Mapping

from django.apps import apps
from django.db import models

from providers.models import Secret
from providers.sealing import KeyRing, SealingError
from providers.services.secrets import LONG_ENOUGH, place_of, ring

CHUNK = 500
TEXT = (models.CharField, models.TextField, models.JSONField)


def unopened() -> Iterator[str]:
    """Name each secret that its key does not open for its tenant, credential and field, never its content."""
    keys = ring()
    for secret in _secrets():
        try:
            _open(secret, keys=keys)
        except SealingError as fault:
            yield f"secret {secret.public_id} of credential {secret.credential.public_id}: {fault}"


def exposed() -> Iterator[str]:
    """Name each row of any table that holds an opened secret in the clear.

    Values are looked for here and never sent to the database, whose log may keep what it was asked: one pass
    over every text column, in chunks. Values under 12 characters, which may stand there by chance, and encoded
    ones are not looked for.
    """
    owners = {value: public_id for public_id, value in _opened() if len(value) >= LONG_ENOUGH}
    for model in apps.get_models() if owners else ():
        yield from _exposed_in(model, owners=owners)


def _secrets() -> Iterator[Secret]:
    rows = Secret.unscoped.select_related("credential").order_by("pk")
    yield from rows.iterator(chunk_size=CHUNK)


def _open(secret: Secret, *, keys: KeyRing) -> str:
    return keys.open(secret.sealed, place=place_of(secret))


def _opened() -> Iterator[tuple[str, str]]:
    """Give the id and the content of what opens; the rest is `unopened`."""
    keys = ring()
    for secret in _secrets():
        try:
            yield secret.public_id, _open(secret, keys=keys)
        except SealingError:
            continue


def _exposed_in(model: type[models.Model], *, owners: Mapping[str, str]) -> Iterator[str]:
    columns = [field.name for field in model._meta.concrete_fields if _may_hold(field)]
    if not columns:
        return
    wanted = re.compile("|".join(map(re.escape, owners)))
    names = {field.name for field in model._meta.concrete_fields}
    rows = model._base_manager.order_by("pk")
    found = rows.values_list("public_id" if "public_id" in names else "pk", *columns)
    for name, *texts in found.iterator(chunk_size=CHUNK):
        for column, text in zip(columns, texts, strict=True):
            for value in set(wanted.findall(text if isinstance(text, str) else json.dumps(text))):
                kind = model.__name__.lower()
                yield f"{kind} {name} holds secret {owners[value]} in the clear, as its {column}"


def _may_hold(field: "models.Field[object, object]") -> bool:
    """Tell a column that has room for a secret, and takes what it is given."""
    is_free = not field.choices and not field.is_relation and field.name != "public_id"
    return isinstance(field, TEXT) and is_free and (field.max_length or CHUNK) >= LONG_ENOUGH
