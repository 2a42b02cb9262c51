"""Visits to a cluster by one user, in a process of that user.

Called with the ids of the user to become. Reads one order a line, as JSON, does the acts and prints what it
found as a line. The modules are imported before the privileges go, because the interpreter may live where
an unprivileged user cannot read.
"""

import encodings.idna  # noqa: F401 (loaded late by socket and psycopg otherwise)
import json
import os
import sys
from pathlib import Path

import psycopg  # noqa: F401

from config.database import processes
from config.database.__main__ import main
from config.database.binaries import Binaries
from config.database.errors import DatabaseRefusal
from config.database.launcher import Cluster


def become(uid, gid):
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def visit(order):
    if "command_line" in order:
        sys.exit(main(order["command_line"]))
    state_root = order.get("state_root")
    cluster = Cluster(
        Path(order["checkout"]),
        state_root=Path(state_root) if state_root else None,
        programs=Binaries(Path(order["programs"])),
        to_disk=False,
    )
    try:
        answers = [getattr(cluster, act)() for act in order["acts"]]
    except DatabaseRefusal as refusal:
        return {"refused": refusal.code, "sentence": refusal.sentence, "advice": refusal.advice}
    places = cluster.places
    found = {"answers": answers, "folder": str(places.cluster), "data": str(places.data), "log": str(places.log)}
    found |= {"socket": str(places.socket), "server_uid": cluster.account.uid, "ready": cluster.is_ready()}
    if found["ready"]:
        found["pid"], _ = processes.listener(places.socket_file)
        found["parameters"] = {role: cluster.parameters(role) for role in ("owner", "runtime")}
    return found


if __name__ == "__main__":
    become(*map(int, sys.argv[1:]))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(visit(json.loads(line))) + "\n")
        sys.stdout.flush()
