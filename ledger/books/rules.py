"""What is told of a batch that was refused. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ledger.refusals.rules import Asked, digest_of

if TYPE_CHECKING:
    from ledger.books.services import Entry

ENTRIES_TOLD = 3


def asked_of(entries: Sequence[Entry]) -> Asked:
    """Say what a batch asked for: its first entries by template and key, how many there are, and the digest of all.

    Who asked is whoever acted last on the first entry: its approver, or its proposer where one person sufficed.
    """
    first = entries[:ENTRIES_TOLD]
    about: dict[str, object] = {"entries": len(entries)}
    about |= {f"entry_{place}": f"{entry.template} {entry.idempotency_key}" for place, entry in enumerate(first, 1)}
    return Asked(
        act=" ".join(["post", *dict.fromkeys(str(entry.template) for entry in first)]),
        actor=(first[0].approver or first[0].proposer) if first else "",
        about=about,
        inputs_digest=digest_of({"entries": [asdict(entry) for entry in entries]}),
    )
