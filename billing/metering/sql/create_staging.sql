-- The lines of one file on their way in, for this transaction only.
-- staged_line: every line, with what became of it. staged_class: what the scheduler's device names mean.
-- staged_quantity: device time by line and class. staged_day: the days of the cluster's time zone.
-- Locks: nothing. Called by: billing.metering.services.
DROP TABLE IF EXISTS staged_line, staged_class, staged_quantity, staged_day;
CREATE TEMPORARY TABLE staged_line (
    line bigint NOT NULL,
    attempt_key text,
    job_id text,
    account text,
    state text,
    submitted_at_ms bigint,
    started_at_ms bigint,
    ended_at_ms bigint,
    elapsed_ms bigint,
    core_count bigint,
    device_types text[],
    device_millis bigint[],
    content_digest bytea,
    raw text NOT NULL,
    outcome text,
    code text,
    reason text,
    key_digest uuid,
    version integer,
    counted boolean NOT NULL DEFAULT FALSE
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_class (
    scheduler_type text PRIMARY KEY, class_code text NOT NULL, unit text NOT NULL, device_class_id bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_quantity (
    line bigint NOT NULL,
    class_code text NOT NULL,
    unit text NOT NULL,
    device_class_id bigint,
    device_milli bigint NOT NULL,
    quantity_ms bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_day (
    day text NOT NULL, starts_at_ms bigint NOT NULL, ends_at_ms bigint NOT NULL
) ON COMMIT DROP;
