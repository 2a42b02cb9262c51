"""Take in a witness's cosignature of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import CommandParser

from ledger.commands import Command as BaseCommand
from ledger.commands import existing_file
from vouchers.people.actors import actor_named
from vouchers.people.services import hand_in_cosignature

BYTES_MOST = 10_000


class Command(BaseCommand):
    help = (
        "Take in a witness's cosignature of the checkpoint of a size: a file with the one line that begins with an em "
        "dash, as `verifier.py cosign` prints it. The witness must be one of QUANBU_WITNESSES."
    )
    writes = True
    tells = ("size",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", required=True, type=int, metavar="SIZE", help="the checkpoint's size")
        parser.add_argument("file", type=existing_file, metavar="FILE")

    def act(self, *, actor: str, size: int, file: str) -> None:
        with Path(file).open("rb") as stream:
            line = stream.read(BYTES_MOST).decode("utf-8", errors="replace")
        kept = hand_in_cosignature(size=size, line=line, actor=actor_named(actor))
        cosignatures = kept.checkpoint.signatures.filter(witness=True).count()
        self.say(f"{kept.name} has cosigned the checkpoint of {size}; it has {cosignatures} cosignature(s) now.")
        self.answer({"size": size, "witness": kept.name, "cosignatures": cosignatures})
