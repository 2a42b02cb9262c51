"""Run what nobody waits for: sealing the log, and signing its checkpoints, until stopped."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, InterfaceError, connection

from ledger.commands import Command as BaseCommand
from ledger.log import services as log
from ledger.log.selectors import tree_size

PAUSE_MS = 250
"""How long a worker rests after it sealed: four times a second keeps the lag under one, and batches large."""
WORST_PAUSE_MS = 10_000

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Seal the log and sign its checkpoints until stopped (Ctrl-C or SIGTERM). Any number of workers may run, on "
        "any number of machines; one seals at a time. With --once, seal what there is and end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="seal what has committed by now, and end")

    def act(self, *, once: bool) -> None:
        if once:
            position = log.seal()
            self.say(f"The log is sealed up to position {position}.")
            self.answer({"position": position})
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        self.say("The worker seals the log. Stop it with Ctrl-C.")
        work_until(stopped, progress=lambda position: self.progress(f"sealed up to position {position:,}"))
        self.progress("")
        self.say("The worker has stopped; what comes now is sealed by the next one.")
        self.answer({"position": tree_size()})


def work_until(stopped: threading.Event, *, progress: Any = lambda _: None) -> None:
    """Seal again and again until the event is set. A database that is away is waited for, ever more patiently."""
    pause_ms = PAUSE_MS
    while not stopped.is_set():
        try:
            progress(log.seal())
            pause_ms = PAUSE_MS
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The log could not be sealed, and is tried again: %s", str(error).partition("\n")[0])
            connection.close()
            pause_ms = min(2 * pause_ms, WORST_PAUSE_MS)
        stopped.wait(pause_ms / 1000)
