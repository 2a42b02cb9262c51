"""`python -m config.database start|stop|status`: the embedded PostgreSQL from a shell, without Django.

Exits 0 when all is well, 1 when it could not be done or the server is not ready, 2 when called wrongly.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from config.database.errors import DatabaseRefusal
from config.database.launcher import Cluster, embedded

CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one act and say in one line what came of it."""
    parser = argparse.ArgumentParser(prog="python -m config.database", description="The embedded PostgreSQL.")
    parser.add_argument("act", choices=("start", "stop", "status"))
    parser.add_argument("--checkout", type=Path, default=CHECKOUT, help="another checkout's database")
    chosen = parser.parse_args(arguments)
    acts = {"start": _start, "stop": _stop, "status": _status}
    try:
        return acts[chosen.act](embedded(chosen.checkout.resolve()))
    except DatabaseRefusal as refusal:
        sys.stderr.write(f"{refusal.code}: {refusal.sentence}\n{refusal.advice}\n")
        return 1


def _start(cluster: Cluster) -> int:
    cluster.ensure_running()
    return _status(cluster)


def _stop(cluster: Cluster) -> int:
    stopped = cluster.stop()
    what = "stopped" if stopped else "was not running"
    sys.stdout.write(f"PostgreSQL {cluster.binaries.version} in {cluster.places.cluster} {what}.\n")
    return 0


def _status(cluster: Cluster) -> int:
    ready = cluster.is_ready()
    state = "ready" if ready else "not running" if cluster.places.is_initialised else "not made yet"
    places = cluster.places
    sys.stdout.write(
        f"PostgreSQL {cluster.binaries.version} {state}; folder {places.cluster}, socket {places.socket}\n"
    )
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
