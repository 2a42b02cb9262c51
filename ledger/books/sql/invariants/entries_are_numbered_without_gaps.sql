-- The numbers of the entries run from 1 without a gap in each book and year; and an entry has its number in each book
-- that it touches, in the year of its happening, or waits for it, never both.
CREATE VIEW invariant_entries_are_numbered_without_gaps AS
SELECT
    format('book %s, %s', n.book_id, n.year) AS subject,
    format('%s numbers, from %s to %s', count(*), min(n.number), max(n.number)) AS fact
FROM ledger_entry_number AS n
GROUP BY n.book_id, n.year
HAVING min(n.number) <> 1 OR count(*) <> max(n.number)
UNION ALL
SELECT
    format('entry %s', coalesce(x.idempotency_key, coalesce(s.entry_id, n.entry_id)::text)) AS subject,
    CASE
        WHEN s.entry_id IS NULL THEN format('has number %s in book %s, which it does not touch', n.number, n.book_id)
        WHEN n.entry_id IS NULL THEN format('has no number in book %s and does not wait for one', s.book_id)
        WHEN s.waits THEN 'is numbered and waits'
        ELSE format('is numbered in %s, happened in %s', n.year, s.year)
    END AS fact
FROM (
    SELECT DISTINCT
        t.entry_id, t.book_id, extract(YEAR FROM ledger_accounting_day_v1(e.happened_at_ms))::int AS year,
        w.entry_id IS NOT NULL AS waits
    FROM ledger_transfer AS t
    INNER JOIN ledger_entry AS e ON t.entry_id = e.id
    LEFT JOIN (SELECT DISTINCT q.entry_id FROM ledger_entry_waiting AS q) AS w ON t.entry_id = w.entry_id
) AS s
FULL JOIN ledger_entry_number AS n ON s.entry_id = n.entry_id AND s.book_id = n.book_id
LEFT JOIN ledger_entry AS x ON coalesce(s.entry_id, n.entry_id) = x.id
WHERE s.entry_id IS NULL OR (n.entry_id IS NULL) <> s.waits OR n.year <> s.year;
