-- The return slip's counts: lines by outcome, and of those that went back, by code.
-- Called by: billing.metering.services.
SELECT s.outcome, coalesce(s.code, ''), count(*) FROM staged_line AS s GROUP BY s.outcome, s.code ORDER BY 1, 2;
