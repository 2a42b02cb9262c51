-- Every ceiling is room and use, and every target is issued, to be issued or passed: per key, both sides are equal.
CREATE VIEW invariant_limits_are_divided AS
SELECT
    format('L[%s]', array_to_string(ARRAY[b.owner] || b.keys, ',')) AS subject,
    format('differs by %s', sum(b.debits_total - b.credits_total)) AS fact
FROM ledger_balance AS b
WHERE b.kind = 'L'
GROUP BY b.owner, b.asset, b.keys
HAVING sum(b.debits_total - b.credits_total) <> 0;
