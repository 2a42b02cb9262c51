"""Print the newest checkpoint of the log, or the proof that it continues an older one."""

from __future__ import annotations

import json

from django.core.management.base import CommandParser

from ledger.commands import Command as BaseCommand
from ledger.log import services as log
from ledger.log.checkpoints import sign
from ledger.log.proofs import consistency
from ledger.log.selectors import note_of, verifier_keys


class Command(BaseCommand):
    help = (
        "Seal the log, sign its head if that was not done, and print the checkpoint as the signed note that outsiders "
        "keep. With --since SIZE, print the proof that it continues the log of that size, as a witness asks for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=int, metavar="SIZE", help="the size of an older checkpoint")
        parser.add_argument("--keys", action="store_true", help="print the verifier keys of this log, oldest first")

    def act(self, *, since: int | None, keys: bool) -> None:
        log.seal()
        checkpoint = sign()
        if keys:
            self.say("\n".join(verifier_keys()))
            self.answer({"keys": verifier_keys()})
        elif since is None:
            self.say(note_of(checkpoint).rstrip("\n"))
            self.answer({"size": checkpoint.head_id, "checkpoint": note_of(checkpoint), "keys": verifier_keys()})
        else:
            proof = consistency(since, checkpoint)
            self.say(json.dumps(proof, ensure_ascii=False, indent=2))
            self.answer(proof)
