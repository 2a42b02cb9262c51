-- I10: what is to be recovered is owed to the levels that paid it, to the fen. What was received and not handed on is
-- nothing: whatever brings a recovery in hands it on in the same entry. Per fund and asset.
CREATE VIEW invariant_recoveries_are_owed_to_levels AS
SELECT
    format('fund %s', s.owner) AS subject,
    format('%s recoverable, %s owed to levels', s.recoverable, s.owed) AS fact
FROM (
    SELECT
        f.owner,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.Recoverable'), 0) AS recoverable,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.OwedToLevel'), 0) AS owed
    FROM ledger_fund_total AS f
    GROUP BY f.owner, f.asset
) AS s
WHERE s.recoverable <> s.owed;
