-- Every document that is kept has its record in the log, and every record of one has its document.
CREATE VIEW invariant_documents_have_their_records AS
SELECT
    coalesce(d.sha256, r.subject) AS subject,
    CASE WHEN d.sha256 IS NULL THEN 'was recorded and is gone' ELSE 'is not recorded by its digest' END AS fact
FROM ledger_document AS d
FULL JOIN (
    SELECT q.subject, encode(q.digest, 'hex') AS digest FROM ledger_log_record AS q WHERE q.kind = 'document.kept'
) AS r ON d.sha256 = r.subject
WHERE d.sha256 IS DISTINCT FROM r.digest;
