"""The books as a Django application."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The lowest floor."""

    name = "ledger"
    verbose_name = "Books"
