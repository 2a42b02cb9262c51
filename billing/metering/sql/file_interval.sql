-- The interval that the file's good lines span. Called by: billing.metering.services, to list the days in it.
SELECT min(s.started_at_ms), max(s.ended_at_ms) FROM staged_line AS s WHERE s.counted AND s.started_at_ms IS NOT NULL;
