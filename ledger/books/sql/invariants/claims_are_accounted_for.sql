-- I13: of every line, claimed equals the sum of its parts, in money and in quantity.
CREATE VIEW invariant_claims_are_accounted_for AS
SELECT
    format('%s line %s', s.kind, s.claim) AS subject,
    format('%s claimed, %s in its parts', s.claimed, s.parts) AS fact
FROM (
    SELECT
        b.kind, b.owner, b.keys[1] AS claim, b.asset,
        coalesce(sum(b.balance) FILTER (WHERE b.type IN ('K.Claimed', 'Q.Claimed')), 0) AS claimed,
        coalesce(sum(b.balance) FILTER (WHERE b.type NOT IN ('K.Claimed', 'Q.Claimed')), 0) AS parts
    FROM ledger_balance AS b
    WHERE b.kind IN ('K', 'Q')
    GROUP BY b.kind, b.owner, b.keys[1], b.asset
) AS s
WHERE s.claimed <> s.parts;
