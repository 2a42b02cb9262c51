-- A page of an account's statement, newest first, with the balance that was stored with each transfer. The legs come
-- from two index scans that are merged, so that a page costs the same in a short and in a long account.
-- Parameters: account (id), from_ms, before_ms and before_id (older than this place in recorded order), how_many, and
-- sign (-1 where the balance stands on the credit side). What is named is looked up leg by leg, so that nothing is sorted.
-- Locks: nothing. Called by: ledger.books.statements.statement_of.
SELECT
    p.transfer_id,
    p.entry_id,
    e.template_id,
    p.recorded_at_ms,
    e.happened_at_ms,
    (SELECT o.code FROM ledger_account AS o WHERE p.other_account_id = o.id) AS other,
    p.debit,
    p.credit,
    p.balance,
    %(sign)s * (p.debit - p.credit) AS change
FROM (
    SELECT g.*
    FROM ledger_leg AS g
    WHERE
        g.account_id = %(account)s AND g.recorded_at_ms >= %(from_ms)s
        AND (g.recorded_at_ms, g.transfer_id) < (%(before_ms)s, %(before_id)s)
    ORDER BY g.recorded_at_ms DESC, g.transfer_id DESC
    LIMIT %(how_many)s
) AS p
LEFT JOIN LATERAL (
    SELECT
        x.template_id,
        x.happened_at_ms
    FROM ledger_entry AS x
    WHERE p.entry_id = x.id
    ORDER BY x.id
    LIMIT 1
) AS e ON TRUE
ORDER BY p.recorded_at_ms DESC, p.transfer_id DESC;
