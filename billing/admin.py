"""The tables of the floor in the engine room, read-only."""

from __future__ import annotations

from django.contrib import admin

from billing import models
from ledger.admin import ReadOnlyAdmin

admin.site.register([getattr(models, name) for name in models.__all__], ReadOnlyAdmin)
