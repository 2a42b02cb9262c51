-- Closes every book of an owner up to an instant: what happened before it is posted there no more. The log has a record
-- of each close.
-- Parameters: book_owner is a fund or a collector; next_open_ms is the beginning of the next open period.
-- Returns: how many books were closed; a second call with the same instant closes none.
-- Refuses: a period that is not over, one that ends before the last close, and an owner without books.
-- Locks: each book and all its accounts, in id order, to the end of the transaction. What is being posted there is
-- waited for; what comes later waits and then reads the new instant. Opening an account takes a share of its book.
-- Called by: ledger.books.services.close_period.
CREATE FUNCTION ledger_close_period_v1(
    book_owner text, next_open_ms bigint, closer text, decision text, now_ms bigint
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    last_open_ms bigint;
    closes bigint[];
BEGIN
    IF closer = '' THEN
        PERFORM ledger_refuse_v1('period_must_be_closed_by_somebody', jsonb_build_object('owner', book_owner));
    ELSIF coalesce(next_open_ms NOT BETWEEN 1 AND now_ms, TRUE) THEN
        PERFORM ledger_refuse_v1(
            'period_must_be_over', jsonb_build_object('owner', left(book_owner, 200), 'open_from_ms', next_open_ms)
        );
    END IF;
    PERFORM 1 FROM ledger_book AS b WHERE b.owner = book_owner ORDER BY b.id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse_v1('owner_must_have_books', jsonb_build_object('owner', left(book_owner, 200)));
    END IF;
    PERFORM 1
    FROM ledger_account AS a
    INNER JOIN ledger_book AS b ON a.book_id = b.id
    WHERE b.owner = book_owner
    ORDER BY a.id FOR NO KEY UPDATE OF a;
    SELECT max(b.open_from_ms) INTO last_open_ms FROM ledger_book AS b WHERE b.owner = book_owner;
    IF next_open_ms < last_open_ms THEN
        PERFORM ledger_refuse_v1(
            'period_must_be_closed_forward', jsonb_build_object('owner', book_owner, 'open_from_ms', last_open_ms)
        );
    END IF;
    -- Statements of their own, so that their snapshots are taken after the locks.
    WITH added AS (
        INSERT INTO ledger_period_close (book_id, open_from_ms, transfers, amount, actor, document, recorded_at_ms)
        SELECT
            b.id, next_open_ms, count(e.id), coalesce(sum(t.amount) FILTER (WHERE e.id IS NOT NULL), 0), closer, decision,
            now_ms
        FROM ledger_book AS b
        LEFT JOIN ledger_transfer AS t ON b.id = t.book_id
        LEFT JOIN ledger_entry AS e ON t.entry_id = e.id AND e.happened_at_ms < next_open_ms
        WHERE b.owner = book_owner AND b.open_from_ms < next_open_ms
        GROUP BY b.id
        RETURNING id
    )
    SELECT coalesce(array_agg(a.id), '{}') INTO closes FROM added AS a;
    PERFORM ledger_record_v1(
        'period.closed', array_agg(p.close_id::text ORDER BY p.close_id),
        array_agg(sha256(convert_to(p.content, 'UTF8')) ORDER BY p.close_id),
        array_agg(p.content ORDER BY p.close_id), '', now_ms
    )
    FROM ledger_period_close_content AS p
    WHERE p.close_id = ANY(closes)
    HAVING count(*) > 0;
    UPDATE ledger_book AS b SET open_from_ms = next_open_ms
    WHERE b.owner = book_owner AND b.open_from_ms < next_open_ms;
    RETURN cardinality(closes);
END
$$;
