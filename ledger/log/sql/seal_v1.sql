-- Gives every committed record that has no position the next dense position, and every committed entry its numbers.
-- Parameters: none. Returns: the last position sealed so far (0 when the log is empty).
-- Locks: one advisory lock to the end of the transaction, so that two sealers never number at once.
-- Called by: ledger.log.services.seal.
CREATE FUNCTION ledger_seal_v1() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    last_position bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger_log_leaf', 0));
    PERFORM ledger_seal_entries_v1();
    -- A statement of its own, so that its snapshot is taken after the lock.
    INSERT INTO ledger_log_leaf (position, record_id)
    SELECT
        (SELECT coalesce(max(l.position), 0) FROM ledger_log_leaf AS l)
        + row_number() OVER (ORDER BY r.id),
        r.id
    FROM ledger_log_record AS r
    WHERE NOT EXISTS (SELECT 1 FROM ledger_log_leaf AS l WHERE l.record_id = r.id);
    SELECT coalesce(max(l.position), 0) INTO last_position FROM ledger_log_leaf AS l;
    RETURN last_position;
END
$$;
