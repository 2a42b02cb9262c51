-- Stores the lines that went back. Parameters: file_id. Called by: billing.metering.services.
INSERT INTO billing_returnedline (file_id, line, outcome, code, reason, raw)
SELECT %(file_id)s, s.line, s.outcome, s.code, s.reason, s.raw
FROM staged_line AS s
WHERE s.outcome IN ('rejected', 'parked', 'conflict')
ORDER BY s.line;
