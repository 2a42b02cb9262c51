-- I6: every zero-balance account stands at 0 at the end of every day of Beijing's calendar on which something happened on
-- it; the last day of its book may still be open.
CREATE VIEW invariant_zero_balance_accounts_end_their_days_empty AS
WITH moved AS (
    SELECT
        t.book_id, t.debit_account_id, t.credit_account_id, t.amount,
        (to_timestamp(e.happened_at_ms / 1000) AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM ledger_transfer AS t
    INNER JOIN ledger_entry AS e ON t.entry_id = e.id
    WHERE t.book_id IN (SELECT b.id FROM ledger_book AS b WHERE b.kind = 'M')
)

SELECT
    s.code AS subject,
    format('stood at %s at the end of %s', s.balance, s.day) AS fact
FROM (
    SELECT
        a.id, a.code, a.book_id, m.day,
        sum(sum(m.net)) OVER (PARTITION BY a.id ORDER BY m.day) AS balance
    FROM (
        SELECT d.debit_account_id AS account_id, d.day, d.amount AS net FROM moved AS d
        UNION ALL
        SELECT c.credit_account_id, c.day, -c.amount AS net FROM moved AS c
    ) AS m
    INNER JOIN ledger_account AS a ON m.account_id = a.id
    WHERE a.type_id = 'M.Bank'
    GROUP BY a.id, a.code, a.book_id, m.day
) AS s
INNER JOIN (SELECT m.book_id, max(m.day) AS day FROM moved AS m GROUP BY m.book_id) AS l ON s.book_id = l.book_id
WHERE s.balance <> 0 AND s.day < l.day;
