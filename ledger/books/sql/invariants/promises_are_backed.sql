-- I1: authority, ordered, spent, over-commitment, pledges and what was given back equal what is promised in every
-- state; what was given back is at most what ended. Per fund and asset.
CREATE VIEW invariant_promises_are_backed AS
SELECT
    format('B[%s] %s', s.owner, s.asset) AS subject,
    format('%s backed, %s promised, %s given back, %s ended', s.backed, s.promised, s.released, s.ended) AS fact
FROM (
    SELECT
        b.owner, b.asset,
        coalesce(sum(b.balance) FILTER (WHERE b.normal_side = 'debit'), 0) AS backed,
        coalesce(sum(b.balance) FILTER (WHERE b.normal_side = 'credit'), 0) AS promised,
        coalesce(sum(b.balance) FILTER (WHERE b.type = 'B.Released'), 0) AS released,
        coalesce(sum(b.balance) FILTER (WHERE b.type IN ('B.Expired', 'B.Revoked')), 0) AS ended
    FROM ledger_balance AS b
    WHERE b.kind = 'B'
    GROUP BY b.owner, b.asset
) AS s
WHERE s.backed <> s.promised OR s.released > s.ended;
