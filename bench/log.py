"""The log: what sealing costs who posts, how far it lags, and how fast history is proven and verified.

The load is that of `bench/ledger.py`: single postings over vouchers that share no account. The sealer is a process of
its own that does what `manage.py worker` does.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, connections

from bench import Comparison, alternate, ledger, pgbench
from config.shell.management.commands.worker import PAUSE_MS
from ledger.books import services as books
from ledger.log import services as log
from ledger.log import verifier
from ledger.log.checkpoints import sign
from ledger.log.proofs import consistency_proof, inclusion_proof, receipt
from ledger.log.selectors import leaf_at, tree_size, verifier_keys
from ledger.log.verification import verify_log

POSTINGS = 12_000
BACKLOG = 20_000
ASKED = 300
NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
SCRIPT = ledger.COLD.replace(f"ARRAY['CNY'], {ledger.HAPPENED_MS}", f"ARRAY['CNY'], {NOW}")
LAGS = """
SELECT percentile_disc(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY s.at_ms - e.recorded_at_ms)
FROM unnest(%(sizes)s::bigint[], %(at_ms)s::bigint[], %(befores)s::bigint[]) AS s (size, at_ms, before)
INNER JOIN ledger_log_leaf AS l ON l.position > s.before AND l.position <= s.size
INNER JOIN ledger_entry AS e ON e.id = l.entry_id
"""


def measure(rounds: int) -> Iterator[Comparison]:
    """Compare posting with and without a sealer, sealing with posting, and proofs with the least they could cost."""
    ledger.fill()
    log.seal()
    for clients in (8, 16):
        yield from posting(clients, rounds)
    yield sealing(rounds)
    sign()
    size = tree_size()
    print(f"The tree has {size:,} leaves now; a proof of inclusion has {len(inclusion_proof(1, size))} hashes.")
    yield from proving(size, rounds)
    yield from verifying(size, rounds)


def posting(clients: int, rounds: int) -> Iterator[Comparison]:
    """Compare posting while a sealer works with posting while none does, and say how far the sealer lagged."""
    lags_ms: list[list[int]] = []

    def with_sealer(_: int) -> float:
        with Sealer() as sealer:
            took = pgbench.run(SCRIPT, clients=clients, transactions=POSTINGS)[0]
        lags_ms.append(sealer.lags_ms())
        return took

    def without(_: int) -> float:
        took = pgbench.run(SCRIPT, clients=clients, transactions=POSTINGS)[0]
        log.seal()
        return took

    yield alternate(f"posting with the sealer on, {clients} clients", "posting with the sealer off", rounds,
                    with_sealer, without, units=POSTINGS)  # fmt: skip
    for place, name in enumerate(("median", "99th percentile", "longest")):
        seconds = [lags[place] / 1000 for lags in lags_ms[1:]]
        yield Comparison(f"sealing lag, {name}, {clients} clients", "one second", seconds, [1.0] * len(seconds))


class Sealer:
    """A process that seals as the worker does, and tells when each sealing had committed."""

    def __enter__(self) -> Sealer:
        connections.close_all()
        processes = multiprocessing.get_context("fork")
        self.stopped, self.told = processes.Event(), processes.SimpleQueue()
        self.before = tree_size()
        connections.close_all()
        self.process = processes.Process(target=self.work)
        self.process.start()
        return self

    def work(self) -> None:
        """Seal until stopped, and once more for what committed last."""
        told: list[tuple[int, int]] = []
        last = False
        while True:
            told.append((log.seal(), time.time_ns() // 1_000_000))
            if last:
                break
            last = self.stopped.wait(PAUSE_MS / 1000)
        self.told.put(told)

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.sealings = self.told.get()
        self.process.join()

    def lags_ms(self) -> list[int]:
        """Return the median, the 99th percentile and the longest time from a posting's start to its sealing."""
        sizes = [size for size, _ in self.sealings]
        with connection.cursor() as cursor:
            cursor.execute(
                LAGS,
                {"sizes": sizes, "at_ms": [at_ms for _, at_ms in self.sealings], "befores": [self.before, *sizes[:-1]]},
            )
            (lags,) = cursor.fetchone()
        return [int(lag) for lag in lags]


def sealing(rounds: int) -> Comparison:
    """Compare sealing a backlog with posting it in one batch."""
    posted: list[float] = []

    def post(number: int) -> float:
        entries = [
            ledger.entry("HOLD", f"backlog:{number}:{n}", ledger.available(1 + n % ledger.VOUCHERS),
                         ledger.held(1 + n % ledger.VOUCHERS), 1)
            for n in range(BACKLOG)
        ]  # fmt: skip
        began = time.perf_counter()
        books.post(entries)
        posted.append(time.perf_counter() - began)
        return posted[-1]

    def seal(number: int) -> float:
        post(number)
        began = time.perf_counter()
        log.seal()
        return time.perf_counter() - began

    return alternate("sealing a backlog", "posting it in one batch", rounds, seal, lambda _: posted[-1], units=BACKLOG)


def proving(size: int, rounds: int) -> Iterator[Comparison]:
    """Compare proofs and receipts, made from storage, with reading one leaf and what it commits to."""
    positions = spread(size)
    read = partial(each, leaf_at, positions)
    for name, make in (
        ("a proof of inclusion", lambda position: inclusion_proof(position, size)),
        ("a proof of consistency", lambda position: consistency_proof(position, size)),
        ("a receipt", receipt),
    ):
        yield alternate(name, "reading one leaf", rounds, partial(each, make, positions), read, units=ASKED)


def verifying(size: int, rounds: int) -> Iterator[Comparison]:
    """Compare verifying proofs, receipts and the whole log with the bare hashing or signing of each."""
    positions = spread(size)
    receipts = [receipt(position) for position in positions]
    keys = [verifier.VerifierKey.parse(text) for text in verifier_keys()]
    checkpoint = verifier.Checkpoint.parse(verifier.Note.parse(receipts[0]["checkpoint"]).text)
    proofs = [(leaf_at(position).leaf_hash, position - 1, inclusion_proof(position, size)) for position in positions]

    def prove(proof: tuple[bytes, int, list[bytes]]) -> None:
        leaf, index, hashes = proof
        verifier.verify_inclusion(leaf, index=index, size=size, proof=hashes, root=checkpoint.root)

    def bare(proof: tuple[bytes, int, list[bytes]]) -> None:
        found = proof[0]
        for sibling in proof[2]:
            found = hashlib.sha256(b"\x01" + found + sibling).digest()

    yield alternate("verifying a proof of inclusion", "as many bare hashes", rounds, partial(each, prove, proofs * 20),
                    partial(each, bare, proofs * 20), units=ASKED * 20)  # fmt: skip
    private = Ed25519PrivateKey.generate()
    signature, public = private.sign(b"checkpoint"), private.public_key()
    check = partial(each, lambda one: verifier.check_receipt(one, keys), receipts)
    one = partial(each, lambda _: public.verify(signature, b"checkpoint"), receipts)
    yield alternate("verifying a receipt, offline", "one Ed25519 signature", rounds, check, one, units=ASKED)

    def whole(_: int) -> None:
        assert all(verdict.holds for verdict in verify_log({}, progress=lambda _: None)), "the log is sound"

    def hashes(_: int) -> None:
        frontier = verifier.Frontier()
        for n in range(size):
            frontier.append(n.to_bytes(32, "big"))

    yield alternate("recomputing the whole log", "growing a tree of as many hashes", rounds, whole, hashes, units=size)


def spread(size: int) -> list[int]:
    """Return positions all over the log, by a stride that is prime."""
    return [1 + n * 104_729 % size for n in range(ASKED)]


def each(act: Callable[..., object], things: list[object], _: int) -> None:
    """Do an act with each thing."""
    for thing in things:
        act(thing)
