"""Tell test money that counts elsewhere from live money that does, so that no total holds both."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from providers.currencies import CURRENCIES, is_test


def tell_what_is_there(apps: Any, schema_editor: Any) -> None:
    """Mark the duplicates there are; closed days keep what they said."""
    codes = [code for code in CURRENCIES if is_test(code)]
    duplicates = apps.get_model("balances", "Balance")._base_manager.filter(counting="DUPLICATE")
    of_test = duplicates.filter(Q(account__counting="TEST") | Q(currency__in=codes))
    of_test.update(counting="TEST_DUPLICATE")


class Migration(migrations.Migration):
    """Widen the columns and mark the duplicates of test money."""

    dependencies = [
        ('balances', '0005_find_by_owner_reference_and_address'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='counting',
            field=models.CharField(choices=[('LIVE', 'Live'), ('TEST', 'Test'), ('UNVERIFIED', 'Unverified'), ('DUPLICATE', 'Also read through another credential'), ('TEST_DUPLICATE', 'Test, also read through another credential'), ('MANUAL', 'Manual')], default='LIVE', max_length=14),
        ),
        migrations.AlterField(
            model_name='balance',
            name='counting',
            field=models.CharField(choices=[('LIVE', 'Live'), ('TEST', 'Test'), ('UNVERIFIED', 'Unverified'), ('DUPLICATE', 'Also read through another credential'), ('TEST_DUPLICATE', 'Test, also read through another credential'), ('MANUAL', 'Manual')], default='LIVE', max_length=14),
        ),
        migrations.AlterField(
            model_name='closing',
            name='counting',
            field=models.CharField(max_length=14),
        ),
        migrations.AlterField(
            model_name='closingtotal',
            name='counting',
            field=models.CharField(max_length=14),
        ),
        migrations.RunPython(tell_what_is_there, migrations.RunPython.noop),
    ]
