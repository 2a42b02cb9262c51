"""What an export refuses."""

from __future__ import annotations

from ledger.errors import Refusal


class ExportPlaceMissing(Refusal):
    """Tables need a folder; and one standard output cannot hold a journal and a JSON document."""

    code = "export_must_have_a_place"
    message = "An export as {format} needs a place of its own here."
    remedy = "Name a new folder for tables, or a new file for a journal, with --out."
    http_status = 422


class ExportPlaceTaken(Refusal):
    """An export never writes over what is there."""

    code = "export_place_must_be_empty"
    message = "{place} is there already and is not an empty folder for tables."
    remedy = "Name a new folder for tables, or a new file for a journal."


class ExportNotWritten(Refusal):
    """The machine could not write the export; nothing of it is left."""

    code = "export_could_not_be_written"
    message = "{place} could not be written: {reason}."
    remedy = "See that its folder is there, may be written to and has room; then export again."
    http_status = 500
