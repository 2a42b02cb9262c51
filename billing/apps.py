"""The proof and the payment as a Django application."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The highest floor."""

    name = "billing"
    verbose_name = "Billing"
