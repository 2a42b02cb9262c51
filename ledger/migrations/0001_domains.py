"""The types of the books' columns, before any table."""

from django.db import migrations

from ledger.operations import install


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [install("ledger.books", "domains")]
