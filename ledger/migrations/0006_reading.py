"""Reading the books as of an instant of happening, before and after sealing."""

from django.db import migrations

from ledger.operations import install


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_identities")]

    operations = [
        install("ledger.books", "waiting_view"),
        install("ledger.books", "moved_until_v1"),
    ]
