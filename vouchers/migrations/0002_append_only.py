"""Facts of the promise are never edited: not by the application, and not by its owner either."""

from django.db import migrations

from ledger.operations import forbid_change


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_initial"), ("ledger", "0003_door_and_chart")]

    operations = [forbid_change(f"vouchers_{table}") for table in ("order", "price", "programmeversion", "voucher")]
