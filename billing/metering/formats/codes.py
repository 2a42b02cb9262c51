"""The codes that a line of a usage file can come back with.

*Rejected*: the line can never be taken in as it is written; correct it and send it again.
*Parked*: the line may well be right, but something that would have to be known is missing, so nothing is
assumed; it is kept, counted and shown until somebody decides or a later export says more.

Each code has one outcome. `CODES` says what each means and what mends it, and `docs/reference/usage-files.md`
lists every one of them.
"""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["rejected", "parked"]

_REJECTED: Final[dict[str, str]] = {
    "line_is_empty": "A blank line stands between rows. Remove it; nothing is missing if the export wrote it.",
    "line_is_too_long": "The line is longer than 1 MiB. Export it again; only its beginning was kept.",
    "line_has_a_nul_byte": "The line holds a NUL byte, which no text has. Export it again.",
    "text_is_not_in_its_encoding": "The bytes are not text in the file's encoding. Export as UTF-8, or name the "
    "encoding (such as gb18030) in a profile.",
    "row_has_wrong_field_count": "The row has more or fewer fields than the header: it is torn, or a job name "
    "holds the delimiter. Export again with JobName as the last column.",
    "row_repeats_the_header": "The header stands again between the rows, as where files were joined. Remove it.",
    "row_is_a_job_step": "The row is a step of a job, whose time is inside the job's. Export with --allocations.",
    "row_is_of_another_cluster": "The row names another cluster than the file was sent for. Send one file per cluster.",
    "row_quotes_are_malformed": "The row's quotation marks do not follow RFC 4180. Quote the whole cell and double "
    "the marks inside it.",
    "quote_is_not_closed": "A quotation mark is opened and not closed. Close it, or double it inside a quoted cell.",
    "schema_is_unknown": "The column schema must say usage-csv/1.",
    "job_id_is_missing": "The row names no job. Export JobIDRaw, or fill job_id.",
    "job_id_is_malformed": "The job id is not one: a spreadsheet may have made a number of it, or it holds blanks. "
    "Write it as text.",
    "text_has_control_characters": "A text that is kept holds a control character or a line break. Remove it.",
    "text_is_too_long": "A text is longer than its column may be. Shorten it.",
    "text_starts_like_a_formula": "A text begins like a spreadsheet formula. Remove the first character.",
    "time_is_missing": "A time without which the attempt has no identity or no duration is missing. Fill it.",
    "time_is_malformed": "The time is not YYYY-MM-DDTHH:MM:SS, with or without an offset, nor seconds since 1970.",
    "time_lacks_its_offset": "The time has no offset from UTC. Add Z or, for Beijing, +08:00.",
    "time_is_out_of_range": "The time is before 1990 or after 2200. Correct the exporting machine's clock or file.",
    "time_is_in_the_future": "The attempt ends in the future. Send it when it has ended, or correct the clock.",
    "attempt_ends_before_it_starts": "The end is before the start. Correct the record at the scheduler.",
    "elapsed_is_missing": "The elapsed time is missing. Export ElapsedRaw.",
    "elapsed_is_malformed": "The duration is neither [D-]HH:MM:SS nor, in a raw column, whole seconds.",
    "elapsed_is_negative": "The duration is negative. Correct the record at the scheduler.",
    "elapsed_is_absurd": "The duration is over a thousand million seconds. Correct the record.",
    "count_is_malformed": "The count is not a number without sign or separators. Write digits only.",
    "count_is_absurd": "The count is over a thousand million. Correct the record.",
    "count_has_too_many_decimals": "The count has more than three decimals. Write thousandths at most.",
    "allocation_is_malformed": "AllocTRES is not a list of name=count without repetitions. Export it again.",
    "accelerator_is_missing": "The row counts accelerators and does not name their model. Fill accelerator.",
    "accelerator_is_malformed": "The model holds a comma or an equals sign. Write the catalogue's code.",
    "revision_lacks_its_reason": "The row is a revision and gives no reason. Fill reason.",
}

_PARKED: Final[dict[str, str]] = {
    "account_is_missing": "The row names no account, so nobody can be charged. Say whose it was.",
    "time_is_ambiguous": "The local time happens twice, when clocks go back. Export with TZ=UTC.",
    "time_does_not_exist": "The local time never happens, as clocks go forward over it: the time zone stated for "
    "the export is wrong. State the right one, or export with TZ=UTC.",
    "state_is_unknown": "The end state is none that is known, so nobody can say whether it is billable.",
    "attempt_not_begun": "The attempt waits in the queue and may still begin. Its final record will settle it.",
    "attempt_still_runs": "The attempt has no end yet. Its final record will settle it; if it ended long ago, "
    "mend the runaway record at the scheduler.",
    "allocation_is_missing": "The attempt ran and nothing says what it held. Export AllocTRES.",
    "allocation_is_not_exact": "A count was rounded when it was printed. Export with --noconvert.",
    "typed_parts_exceed_the_total": "The typed accelerators add up to more than the total. Check AllocTRES.",
    "accelerator_is_not_mapped": "A generic resource is neither an accelerator nor excluded by the cluster's table. "
    "Name it under accelerators in a profile.",
    "elapsed_contradicts_interval": "Elapsed and suspended time do not add up to the interval from start to end. "
    "Export Suspended too, and state the export's time zone.",
    "gpu_seconds_differ": "The control value gpu_seconds is not the count times the elapsed seconds.",
}

CODES: Final[dict[str, str]] = {**_REJECTED, **_PARKED}
"""Every line code: what it means, and what mends it."""

OUTCOMES: Final[dict[str, Outcome]] = {
    **dict.fromkeys(_REJECTED, "rejected"),
    **dict.fromkeys(_PARKED, "parked"),
}
"""What becomes of a line with the code."""
