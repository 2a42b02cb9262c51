"""Replace the key that signs the log's checkpoints."""

from __future__ import annotations

from django.core.management.base import CommandParser

from ledger.commands import Command as BaseCommand
from ledger.log import services as log
from ledger.log.keys import key_file
from ledger.log.selectors import note_of
from vouchers.people.actors import actor_named
from vouchers.people.services import rotate_log_key


class Command(BaseCommand):
    help = (
        "Put a new key in force that signs the log's checkpoints, and print the succession for those who keep "
        "checkpoints. The key is made as KEYFILE.new, or taken from there, and moved to its place; the old one becomes "
        "KEYFILE.ended. With --reason lost the old key does not sign: then only witnesses convince outsiders."
    )
    writes = True
    tells = ("reason",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, choices=["rotated", "lost"])

    def act(self, *, actor: str, reason: str) -> None:
        log.seal()
        succession = rotate_log_key(reason=reason, actor=actor_named(actor))
        assert succession.successor is not None
        new = succession.successor.verifier_key
        self.say(f"The key in force is now {new}; its private half is {key_file()}.")
        self.say("Hand this succession to witnesses and to all who keep checkpoints:")
        self.say()
        self.say(note_of(succession).rstrip("\n"))
        self.answer({"key": new, "reason": reason, "size": succession.head_id, "succession": note_of(succession)})
