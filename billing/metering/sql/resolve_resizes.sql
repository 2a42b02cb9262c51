-- The second row of a resized job repeats the time before the resize: it counts from its submission on.
-- Slurm closes the first row with state RESIZING at the moment at which the second is submitted, and gives the second
-- the start and the elapsed time of the whole job. A row that starts before it was submitted and whose first part is
-- neither here nor stored is parked, because counting it would count that part twice when it comes.
-- Parameters: cluster_id (or NULL), source_id (or NULL for the centre's own claim).
-- Called by: billing.metering.services.
WITH first_part AS (
    SELECT split_part(f.attempt_key, '@', 1) AS raw_job_id, f.started_at_ms, f.ended_at_ms, f.elapsed_ms
    FROM staged_line AS f
    WHERE f.outcome IS NULL AND f.state = 'RESIZING'
    UNION ALL
    SELECT split_part(f.attempt_key, '@', 1), f.started_at_ms, f.ended_at_ms, f.elapsed_ms
    FROM billing_usagefact AS f
    WHERE f.cluster_id = %(cluster_id)s AND f.source_id IS NOT DISTINCT FROM %(source_id)s AND f.state = 'RESIZING'
),

resized AS (
    SELECT
        s.line, max(CASE
            WHEN p.started_at_ms = s.started_at_ms THEN p.elapsed_ms
            WHEN p.started_at_ms IS NOT NULL THEN s.submitted_at_ms - s.started_at_ms
        END) AS counted_before_ms
    FROM staged_line AS s
    LEFT JOIN first_part AS p
        ON p.raw_job_id = split_part(s.attempt_key, '@', 1) AND s.submitted_at_ms = p.ended_at_ms
    WHERE s.outcome IS NULL AND s.started_at_ms < s.submitted_at_ms
    GROUP BY s.line
)

UPDATE staged_line AS s
SET
    started_at_ms = s.submitted_at_ms,
    elapsed_ms = greatest(0, s.elapsed_ms - coalesce(r.counted_before_ms, 0)),
    outcome = CASE WHEN r.counted_before_ms IS NULL THEN 'parked' END,
    code = CASE WHEN r.counted_before_ms IS NULL THEN 'attempt_starts_before_it_was_submitted' END,
    reason = CASE
        WHEN r.counted_before_ms IS NULL
            THEN 'Start is before Submit and no RESIZING row of the job ends there: send that row too, or correct the times.'
    END
FROM resized AS r
WHERE s.line = r.line;
