"""The promise as a Django application."""

from django.apps import AppConfig


class VouchersConfig(AppConfig):
    """The middle floor."""

    name = "vouchers"
    verbose_name = "Vouchers"
