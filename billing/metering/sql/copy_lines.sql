-- Takes the parsed lines in.
-- Called by: billing.metering.services.
COPY staged_line (
    line, attempt_key, job_id, account, state, submitted_at_ms, started_at_ms, ended_at_ms, elapsed_ms, core_count,
    device_types, device_millis, content_digest, raw, outcome, code, reason
) FROM STDIN;
