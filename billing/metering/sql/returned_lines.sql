-- The first lines that go back. Parameters: most. Called by: billing.metering.services.
SELECT s.line, s.outcome, s.code, s.reason, s.raw
FROM staged_line AS s
WHERE s.outcome IN ('rejected', 'parked', 'conflict')
ORDER BY s.line
LIMIT %(most)s;
