"""Proofs and receipts, as the JSON documents that `ledger/log/verifier.py` checks without us.

Nothing here is trusted by whom it is given to: a wrong proof does not verify.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from ledger.errors import NotFound
from ledger.log import verifier
from ledger.log.errors import (
    CutOffNotWitnessed,
    LogEmpty,
    PositionUnknown,
    ReceiptNotReady,
    SealedContentGone,
    SizesReversed,
)
from ledger.log.models import Checkpoint
from ledger.log.selectors import checkpoint_over, checkpoints, leaf_at, note_of, subtree_roots, successions, tree_size

RECEIPT = "quanbu.receipt/1"
CONSISTENCY = "quanbu.consistency/1"


def inclusion_proof(position: int, size: int) -> list[bytes]:
    """Return the hashes that lead from the leaf at a position to the root of the tree of this size.

    Source: RFC 9162 section 2.1.3. Refuses: PositionUnknown.
    """
    last = tree_size()
    if not 1 <= position <= size <= last:
        raise PositionUnknown(position=position, last=min(size, last))
    return subtree_roots(verifier.inclusion_ranges(position - 1, size))


def consistency_proof(first: int, second: int) -> list[bytes]:
    """Return the hashes that prove that the tree of the second size begins with the tree of the first.

    Source: RFC 9162 section 2.1.4. Refuses: SizesReversed, PositionUnknown.
    """
    if not 1 <= first <= second:
        raise SizesReversed(first=first, second=second)
    last = tree_size()
    if second > last:
        raise PositionUnknown(position=second, last=last)
    return subtree_roots(verifier.consistency_ranges(first, second))


def receipt(position: int, *, size: int | None = None) -> dict[str, Any]:
    """Return the receipt of a position: what stands there, and the proof that it is in the tree of a checkpoint.

    The checkpoint is the newest, or the one of a size, with the cosignatures that are required. Refuses:
    PositionUnknown, SealedContentGone, ReceiptNotReady, NotFound.
    """
    leaf = leaf_at(position)
    if leaf.content is None:
        raise SealedContentGone(position=position)
    if size is not None and not checkpoints().filter(head_id=size).exists():
        raise NotFound(kind="checkpoint", name=size)
    checkpoint = checkpoint_over(position, size=size, cosignatures=settings.WITNESSES_REQUIRED)
    if checkpoint is None:
        raise ReceiptNotReady(
            position=position, required=settings.WITNESSES_REQUIRED, seconds=settings.CHECKPOINT_SECONDS
        )
    return {
        "format": RECEIPT,
        "suite": verifier.SUITE,
        "kind": leaf.kind,
        "content": json.loads(leaf.content),
        "salt": leaf.salt.hex(),
        "position": position,
        "proof": [each.hex() for each in inclusion_proof(position, checkpoint.head_id)],
        "checkpoint": note_of(checkpoint),
        "succession": successions(),
    }


def consistency(first: int, checkpoint: Checkpoint | None = None) -> dict[str, Any]:
    """Return the proof that a checkpoint, the newest unless one is given, continues the tree of the first size.

    Refuses: LogEmpty, SizesReversed.
    """
    newer = checkpoint or checkpoint_over(1, cosignatures=0)
    if newer is None:
        raise LogEmpty
    return {
        "format": CONSISTENCY,
        "first_size": first,
        "second_size": newer.head_id,
        "proof": [each.hex() for each in consistency_proof(first, newer.head_id)],
        "checkpoint": note_of(newer),
    }


def require_witnesses(cut_off: int) -> None:
    """See that the history up to a cut-off is under a checkpoint with the cosignatures that are required.

    Refuses: CutOffNotWitnessed. Where none is required, the history needs no checkpoint either.
    """
    required = settings.WITNESSES_REQUIRED
    if required and checkpoint_over(cut_off, cosignatures=required) is None:
        raise CutOffNotWitnessed(cut_off=cut_off, required=required)
