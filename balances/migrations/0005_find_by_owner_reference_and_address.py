"""Give accounts folded twins of owner reference and address, so that filters compare them as other texts."""

from typing import Any

from django.db import migrations

import balances.fields

ROWS = 2_000


def fold_what_is_there(apps: Any, schema_editor: Any) -> None:
    """Fill the twins of the accounts there are."""
    model = apps.get_model("balances", "Account")
    manager = model._base_manager
    part: list[Any] = []
    for account in manager.only("pk", "owner_ref", "address").iterator(chunk_size=ROWS):
        account.owner_ref_folded = balances.fields.fold(account.owner_ref)
        account.address_folded = balances.fields.fold(account.address)
        part.append(account)
        if len(part) == ROWS:
            manager.bulk_update(part, ["owner_ref_folded", "address_folded"])
            part = []
    manager.bulk_update(part, ["owner_ref_folded", "address_folded"])


class Migration(migrations.Migration):
    """Add the two columns and fill them."""

    dependencies = [("balances", "0004_count_balances_once")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="address_folded",
            field=balances.fields.FoldedField(blank=True, default="", editable=False),
        ),
        migrations.AddField(
            model_name="account",
            name="owner_ref_folded",
            field=balances.fields.FoldedField(blank=True, default="", editable=False),
        ),
        migrations.RunPython(fold_what_is_there, migrations.RunPython.noop),
    ]
