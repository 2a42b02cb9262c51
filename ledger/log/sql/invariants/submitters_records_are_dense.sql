-- The records of every submitter are numbered from 1 to what its count says, without a gap.
CREATE VIEW invariant_submitters_records_are_dense AS
SELECT
    coalesce(s.code, r.submitter) AS subject,
    format('handed in %s by its count, %s by its records, the last is %s', s.last_number, coalesce(r.records, 0), r.last)
        AS fact
FROM ledger_log_submitter AS s
FULL JOIN (
    SELECT q.submitter, count(*) AS records, max(q.number) AS last
    FROM ledger_log_record AS q
    WHERE q.submitter <> ''
    GROUP BY q.submitter
) AS r ON s.code = r.submitter
WHERE s.last_number IS DISTINCT FROM coalesce(r.records, 0) OR s.last_number IS DISTINCT FROM coalesce(r.last, 0);
