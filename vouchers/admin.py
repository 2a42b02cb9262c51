"""The tables of the floor in the engine room, read-only."""

from __future__ import annotations

from django.contrib import admin

from ledger.admin import ReadOnlyAdmin
from vouchers import models

admin.site.register([getattr(models, name) for name in models.__all__], ReadOnlyAdmin)
