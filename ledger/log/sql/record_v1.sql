-- The one way to write records: something happened to each subject.
-- Parameters: kind; a digest (SHA-256) a subject, and what is told of it, canonical JSON of which the digest is, or empty
--   where nothing is told; submitter is who handed them in, or empty for the house's own acts; the clock's instant.
-- Returns: the number of the first record among its submitter's, or 0; the others follow it. Of none, the next.
-- Locks: the submitter's count, to the end of the transaction, so that its numbers have no gap: record last in an act.
-- A second call with the same kind and subject violates record_must_be_written_once.
-- Called by: ledger.log.services.record_all, ledger_act_on_account_v1, ledger_close_period_v1, ledger_declare_shares_v1.
CREATE FUNCTION ledger_record_v1(
    kind text, subjects text[], digests bytea[], told text[], submitter text, now_ms bigint
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    before bigint := -1;
BEGIN
    IF submitter <> '' THEN
        INSERT INTO ledger_log_submitter AS s (code, last_number) VALUES (submitter, cardinality(subjects))
        ON CONFLICT (code) DO UPDATE SET last_number = s.last_number + cardinality(subjects)
        RETURNING s.last_number - cardinality(subjects) INTO before;
    END IF;
    INSERT INTO ledger_log_record (kind, subject, digest, told, submitter, number, recorded_at_ms)
    SELECT
        kind, r.subject, r.digest, r.told, submitter, CASE WHEN submitter = '' THEN 0 ELSE before + r.place END, now_ms
    FROM unnest(subjects, digests, told) WITH ORDINALITY AS r (subject, digest, told, place)
    ORDER BY r.place;
    RETURN before + 1;
END
$$;
