"""The server's settings, each with its reason."""

from __future__ import annotations

import os
from pathlib import Path

from config.database.folders import PORT, Places

MEBIBYTE = 1024 * 1024

ADMISSION = """\
# Written by Quanbu at each start. Everyone proves who they are, and only through the socket.
local all all scram-sha-256
"""

TEMPLATE = """\
# Written by Quanbu at each start; your own settings belong in data/postgresql.conf, which this file includes.
include = {included}
hba_file = {admission}

# Reached by its socket only: the machine's network never sees it.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 200
password_encryption = 'scram-sha-256'

# Nothing that was acknowledged is lost.
fsync = on
synchronous_commit = on
full_page_writes = on

# Memory, for a machine that also does other work.
shared_buffers = {shared_buffers_mb}MB
effective_cache_size = {effective_cache_size_mb}MB
work_mem = 16MB
maintenance_work_mem = 128MB
dynamic_shared_memory_type = {dynamic_shared_memory_type}
max_wal_size = 2GB

# Compiling a plan costs more than it saves on statements of this size.
jit = off

# Times and texts are the same on every machine.
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
datestyle = 'ISO, YMD'

# The log says what failed, not whose data was in it: no statements, no failing rows.
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] %q%u@%d '
log_error_verbosity = terse
log_min_error_statement = fatal
log_checkpoints = off
"""


def settings_text(places: Places) -> str:
    """Return the text of `quanbu.conf` for a cluster on this machine."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEBIBYTE
    return TEMPLATE.format(
        included=quoted(places.data / "postgresql.conf"),
        admission=quoted(places.admission),
        port=PORT,
        socket=places.socket,
        shared_buffers_mb=max(32, min(256, memory_mb // 8)),
        effective_cache_size_mb=max(64, memory_mb // 2),
        dynamic_shared_memory_type=_dynamic_shared_memory_type(),
    )


def quoted(path: Path) -> str:
    """Write a path as a string of PostgreSQL's configuration language."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def _dynamic_shared_memory_type() -> str:
    # Containers often give /dev/shm 64 MiB, in which a parallel join fails. System V memory is not counted there.
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 (asked for its size, never written)
    except OSError:
        return "posix"
    return "posix" if room.f_frsize * room.f_blocks >= 512 * MEBIBYTE else "sysv"
