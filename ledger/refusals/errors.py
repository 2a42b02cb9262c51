"""What a reader of the refusals that are kept is refused."""

from __future__ import annotations

from ledger.errors import Refusal


class RefusalFilterUnanswerable(Refusal):
    """A filter that no refusal could ever fit: its empty answer would be read as "there were none"."""

    code = "refusal_filter_is_unanswerable"
    message = "Refusals cannot be looked up by {filter} {value}: {reason}."
    remedy = (
        "Name a code of docs/reference/errors.md, an actor or an act as it is written, and times as days (2026-11-20) "
        "or instants with their offset (2026-11-20T02:00:00Z), the earlier one first."
    )
    http_status = 400
