"""Refusals of a whole usage file, or of a profile. A single bad line is never one: it comes back by itself."""

from __future__ import annotations

from ledger.errors import Refusal


class FormatUnknown(Refusal):
    """No reader is known for the format."""

    code = "usage_format_is_unknown"
    message = "There is no usage format {format}."
    remedy = "Use one of: {known}."
    http_status = 422


class TimeZoneUnknown(Refusal):
    """The time zone of the export is no IANA time zone."""

    code = "time_zone_is_unknown"
    message = "There is no time zone {time_zone}."
    remedy = "Give an IANA name such as UTC or Asia/Shanghai."
    http_status = 422


class UsageFileEmpty(Refusal):
    """The file holds nothing at all."""

    code = "usage_file_is_empty"
    message = "The usage file is empty."
    remedy = "A day without use is a file with its header and no rows."
    http_status = 422


class UsageFileHasNoHeader(Refusal):
    """The first line names no column that the format knows."""

    code = "usage_file_has_no_header"
    message = "The first line of the usage file names no column of {format}: {first_line}."
    remedy = "Export with the header, or give a profile that lists the columns or names another delimiter."
    http_status = 422
    uploaded = frozenset({"first_line"})


class UsageFileLacksColumns(Refusal):
    """Columns without which no line can be read are not there."""

    code = "usage_file_lacks_columns"
    message = "The usage file lacks: {columns}."
    remedy = "Export again with these columns; docs/reference/usage-files.md has the whole command."
    http_status = 422


class UsageFileRepeatsAColumn(Refusal):
    """Two columns have the same name, so nobody can say which is meant."""

    code = "usage_file_repeats_a_column"
    message = "The usage file has the column {column} more than once."
    remedy = "Export each column once."
    http_status = 422
    uploaded = frozenset({"column"})


class UsageFileHasUnknownColumns(Refusal):
    """Columns that usage-csv/1 does not know and that are not marked as extra."""

    code = "usage_file_has_unknown_columns"
    message = "The usage file has columns that usage-csv/1 does not know: {columns}."
    remedy = "Correct their names, or begin them with x_ to have them kept and not used."
    http_status = 422
    uploaded = frozenset({"columns"})


class UsageFileHasTooManyColumns(Refusal):
    """The header is wider than any accounting export."""

    code = "usage_file_has_too_many_columns"
    message = "The usage file has {count} columns; at most {most} are read."
    remedy = "Export the columns that docs/reference/usage-files.md lists."
    http_status = 422


class UsageFileIsNotInItsEncoding(Refusal):
    """The first line is not text in the stated encoding."""

    code = "usage_file_is_not_in_its_encoding"
    message = "The first line of the usage file is not text in {encoding}."
    remedy = "Save the file as UTF-8, or name its encoding (such as gb18030) in a profile."
    http_status = 422


class UsageFileIsNotCommaSeparated(Refusal):
    """The header looks as if another separator than the comma were used."""

    code = "usage_file_is_not_comma_separated"
    message = "The usage file seems to be separated by {separator}, not by commas."
    remedy = "Save it with commas, or name the delimiter in a profile."
    http_status = 422


class ControlTotalDiffers(Refusal):
    """The file's own total is not the total of its lines: it was cut, joined or edited."""

    code = "control_total_differs"
    message = "The usage file's last line says {what} = {stated}; its rows give {found}."
    remedy = "Export the file again; do not correct the total by hand."
    http_status = 422


class ControlTotalIsMalformed(Refusal):
    """The footer cannot be read, or is not the last line."""

    code = "control_total_is_malformed"
    message = "The footer at line {line} of the usage file is not read: {why}."
    remedy = "Write #total,rows=…,gpu_seconds=… once, as the last line."
    http_status = 422
    uploaded = frozenset({"why"})


class ProfileIsMalformed(Refusal):
    """The profile is not what a profile may be."""

    code = "profile_is_malformed"
    message = "The profile's {where} {why}."
    remedy = "docs/reference/usage-files.md lists the keys of a profile and what each may hold."
    http_status = 422
    uploaded = frozenset({"where"})


class ProfileIsForAnotherFormat(Refusal):
    """The profile describes another format than the one the file was sent as."""

    code = "profile_is_for_another_format"
    message = "The profile is for {profile_format}; the file was sent as {format}."
    remedy = "Send the file as {profile_format}, or use another profile."
    http_status = 422
