-- Numbers every committed entry that waits, without gaps per book and year, in the order of sealing; adds its
-- transfers to the movements by account, day and template.
-- Parameters: most is how many entries are sealed at most. Returns: their ids. A second call seals what came since.
-- Locks: its caller's, so that two sealers never number at once. No poster waits.
-- Called by: ledger_seal_v1.
CREATE FUNCTION ledger_seal_entries_v1(most bigint) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    entries bigint[];
BEGIN
    WITH gone AS (
        DELETE FROM ledger_entry_waiting AS w
        WHERE w.ctid = ANY(ARRAY(SELECT q.ctid FROM ledger_entry_waiting AS q ORDER BY q.entry_id LIMIT most))
        RETURNING w.entry_id
    )
    SELECT coalesce(array_agg(g.entry_id), '{}') INTO entries FROM gone AS g;
    IF entries = '{}' THEN
        RETURN entries;
    END IF;
    INSERT INTO ledger_entry_number (entry_id, book_id, year, number)
    SELECT
        s.entry_id, s.book_id, s.year,
        coalesce(l.number, 0) + row_number() OVER (PARTITION BY s.book_id, s.year ORDER BY s.entry_id)
    FROM (
        SELECT DISTINCT
            t.entry_id, t.book_id, extract(YEAR FROM ledger_accounting_day_v1(e.happened_at_ms))::int AS year
        FROM ledger_transfer AS t
        INNER JOIN ledger_entry AS e ON t.entry_id = e.id
        WHERE t.entry_id = ANY(entries)
    ) AS s
    LEFT JOIN (
        SELECT n.book_id, n.year, max(n.number) AS number FROM ledger_entry_number AS n GROUP BY n.book_id, n.year
    ) AS l ON s.book_id = l.book_id AND s.year = l.year;
    INSERT INTO ledger_movement AS m (
        account_id, happened_on, template_id, transfers, debits, credits, first_recorded_at_ms, last_recorded_at_ms
    )
    SELECT
        g.account_id, ledger_accounting_day_v1(e.happened_at_ms) AS happened_on, e.template_id, count(*),
        sum(g.debit), sum(g.credit), min(g.recorded_at_ms), max(g.recorded_at_ms)
    FROM ledger_leg AS g
    INNER JOIN ledger_entry AS e ON g.entry_id = e.id
    WHERE g.entry_id = ANY(entries)
    GROUP BY g.account_id, happened_on, e.template_id
    ON CONFLICT (account_id, happened_on, template_id) DO UPDATE SET
        transfers = m.transfers + excluded.transfers,
        debits = m.debits + excluded.debits,
        credits = m.credits + excluded.credits,
        first_recorded_at_ms = least(m.first_recorded_at_ms, excluded.first_recorded_at_ms),
        last_recorded_at_ms = greatest(m.last_recorded_at_ms, excluded.last_recorded_at_ms);
    RETURN entries;
END
$$;
