-- Gives committed records and journal entries that wait the next dense positions, and grows the tree by their leaves.
-- Parameters: seed is secret and new for every call: the salts come of it; the clock's instant; most is how many
-- records, and how many entries, are sealed at most.
-- Returns: the size of the tree, and how many leaves were added; a second call adds what came since.
-- Locks: one advisory lock to the end of the transaction, so that two sealers never number at once. Nobody who records
-- or posts waits for it.
-- Called by: ledger.log.services.seal.
CREATE FUNCTION ledger_seal_v1(seed bytea, now_ms bigint, most bigint, OUT tree_size bigint, OUT added bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    records bigint[];
    entries bigint[];
    frontier bytea[];
    hashes bytea[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger_log_leaf', 0));
    -- Statements of their own, so that their snapshots are taken after the lock.
    SELECT h.size, h.frontier INTO tree_size, frontier FROM ledger_log_head AS h ORDER BY h.size DESC LIMIT 1;
    tree_size := coalesce(tree_size, 0);
    WITH gone AS (
        DELETE FROM ledger_record_waiting AS w
        WHERE w.ctid = ANY(ARRAY(SELECT q.ctid FROM ledger_record_waiting AS q ORDER BY q.record_id LIMIT most))
        RETURNING w.record_id
    )
    SELECT coalesce(array_agg(g.record_id), '{}') INTO records FROM gone AS g;
    entries := ledger_seal_entries_v1(most);
    -- In the order in which they were written, so that a submitter's numbers are sealed in theirs; records first.
    WITH contents AS (
        SELECT r.record_id, NULL::bigint AS entry_id, r.kind, r.content
        FROM ledger_record_content AS r
        WHERE r.record_id = ANY(records)
        UNION ALL
        SELECT NULL, e.entry_id, 'entry.posted', e.content FROM ledger_entry_contents_v1(entries) AS e
    ),
    placed AS (
        SELECT c.*, tree_size + row_number() OVER (ORDER BY c.record_id NULLS LAST, c.entry_id) AS position
        FROM contents AS c
    ),
    salted AS MATERIALIZED (
        SELECT p.*, substr(sha256(seed || int8send(p.position)), 1, 16) AS salt FROM placed AS p
    ),
    leaves AS (
        INSERT INTO ledger_log_leaf (position, record_id, entry_id, salt, leaf_hash)
        SELECT s.position, s.record_id, s.entry_id, s.salt, ledger_leaf_hash_v1(s.kind, s.salt, s.content)
        FROM salted AS s
        RETURNING position, leaf_hash
    )
    SELECT array_agg(l.leaf_hash ORDER BY l.position) INTO hashes FROM leaves AS l;
    added := coalesce(cardinality(hashes), 0);
    IF added = 0 THEN
        RETURN;
    END IF;
    PERFORM ledger_grow_tree_v1(tree_size, coalesce(frontier, '{}'), hashes, now_ms);
    tree_size := tree_size + added;
END
$$;
