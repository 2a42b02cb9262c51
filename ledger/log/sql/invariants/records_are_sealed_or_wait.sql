-- Every record is sealed at one position or waits for the sealer, and nothing waits that is sealed or is not there.
CREATE VIEW invariant_records_are_sealed_or_wait AS
SELECT
    coalesce(r.kind || ' ' || r.subject, 'record ' || w.record_id) AS subject,
    CASE
        WHEN r.id IS NULL THEN 'waits and is not there'
        WHEN l.position IS NULL THEN 'is neither sealed nor waits'
        ELSE 'is sealed at ' || l.position || ' and waits'
    END AS fact
FROM ledger_log_record AS r
LEFT JOIN ledger_log_leaf AS l ON r.id = l.record_id
FULL JOIN ledger_record_waiting AS w ON r.id = w.record_id
WHERE (l.position IS NULL) = (w.record_id IS NULL) OR r.id IS NULL;
