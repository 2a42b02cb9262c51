-- What moved on a group of accounts before an end, by kind of book, asset and template; what happened before the first
-- day together, without a template. Sealed entries from their movements, the others from their legs.
-- Parameters: funds (NULL: every book), types, key_value (NULL: any), from_day and to_day (half-open).
-- Returns: kind, asset, template (NULL: before), debits, credits. Locks: nothing. Called by: ledger.books.roll_forward.
WITH chosen AS MATERIALIZED (
    SELECT
        a.id,
        b.kind,
        b.asset
    FROM ledger_account AS a
    INNER JOIN ledger_book AS b ON a.book_id = b.id
    WHERE
        a.type_id = any(%(types)s)
        AND (%(funds)s::text[] IS NULL OR b.owner = any(%(funds)s))
        AND (%(key_value)s::text IS NULL OR %(key_value)s = any(a.keys))
),

moved AS (
    SELECT
        m.account_id,
        m.happened_on,
        m.template_id,
        m.debits,
        m.credits
    FROM ledger_movement AS m
    UNION ALL
    SELECT
        g.account_id,
        w.happened_on,
        w.template_id,
        g.debit,
        g.credit
    FROM ledger_waiting AS w
    CROSS JOIN LATERAL (
        SELECT
            l.account_id,
            l.debit,
            l.credit
        FROM ledger_leg AS l
        WHERE w.entry_id = l.entry_id
        ORDER BY l.transfer_id
        OFFSET 0
    ) AS g
)

SELECT
    c.kind,
    c.asset,
    CASE WHEN m.happened_on >= %(from_day)s THEN m.template_id END AS template,
    sum(m.debits) AS debits,
    sum(m.credits) AS credits
FROM chosen AS c
INNER JOIN moved AS m ON c.id = m.account_id
WHERE m.happened_on < %(to_day)s
GROUP BY c.kind, c.asset, template
ORDER BY c.kind, c.asset, template NULLS FIRST;
