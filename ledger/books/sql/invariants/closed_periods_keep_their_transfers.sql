-- In every book that was closed stand exactly the transfers that stood there when it was closed: as many, of the same
-- sum. And a book is open from its last close.
CREATE VIEW invariant_closed_periods_keep_their_transfers AS
SELECT
    format('%s[%s] %s', b.kind, b.owner, b.asset) AS subject,
    format(
        'closed before %s ms with %s transfers of %s, now %s of %s', s.open_from_ms, s.transfers, s.amount, s.found,
        s.found_amount
    ) AS fact
FROM (
    SELECT
        c.id, c.book_id, c.open_from_ms, c.transfers, c.amount, count(e.id) AS found,
        coalesce(sum(t.amount) FILTER (WHERE e.id IS NOT NULL), 0) AS found_amount
    FROM ledger_period_close AS c
    LEFT JOIN ledger_transfer AS t ON c.book_id = t.book_id
    LEFT JOIN ledger_entry AS e ON t.entry_id = e.id AND c.open_from_ms > e.happened_at_ms
    GROUP BY c.id, c.book_id, c.open_from_ms, c.transfers, c.amount
) AS s
INNER JOIN ledger_book AS b ON s.book_id = b.id
WHERE s.found <> s.transfers OR s.found_amount <> s.amount
UNION ALL
SELECT
    format('%s[%s] %s', b.kind, b.owner, b.asset) AS subject,
    format('is open from %s ms, was closed before %s ms', b.open_from_ms, coalesce(max(c.open_from_ms), 0)) AS fact
FROM ledger_book AS b
LEFT JOIN ledger_period_close AS c ON b.id = c.book_id
GROUP BY b.id, b.kind, b.owner, b.asset, b.open_from_ms
HAVING b.open_from_ms <> coalesce(max(c.open_from_ms), 0);
