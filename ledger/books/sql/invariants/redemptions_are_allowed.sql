-- I3 to I5 and I7: redeemed value is allowed subsidy and is booked as expense; what is under recovery or written off is
-- so in both books; what is ordered is in transit. A fund of hours, which has no money, redeems what is allowed.
-- Per fund and asset.
CREATE VIEW invariant_redemptions_are_allowed AS
SELECT
    format('fund %s', t.owner) AS subject,
    s.fact
FROM (
    SELECT
        f.owner,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'B.Redeemed'), 0) AS redeemed,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'K.Subsidy'), 0) AS subsidy,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'Q.Allowed'), 0) AS allowed,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.Expense'), 0) AS expense,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.PriorYearRecovery'), 0) AS prior_year,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'B.UnderRecovery'), 0) AS under_recovery,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.Recoverable'), 0) AS recoverable,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'B.WrittenOff'), 0) AS written_off,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.WriteOff'), 0) AS write_off,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'B.Ordered'), 0) AS ordered,
        coalesce(sum(f.balance) FILTER (WHERE f.type = 'M.InTransit'), 0) AS in_transit,
        bool_or(bool_or(f.type LIKE 'K.%' OR f.type LIKE 'M.%')) OVER (PARTITION BY f.owner) AS in_money
    FROM ledger_fund_total AS f
    GROUP BY f.owner, f.asset
) AS t
CROSS JOIN LATERAL (
    SELECT format('%s redeemed, %s allowed', t.redeemed, t.subsidy) AS fact
    WHERE t.in_money AND t.redeemed <> t.subsidy
    UNION ALL
    SELECT format('%s ms redeemed, %s ms allowed', t.redeemed, t.allowed) AS fact
    WHERE NOT t.in_money AND t.redeemed <> t.allowed
    UNION ALL
    SELECT format('%s redeemed, %s expensed less %s of prior years', t.redeemed, t.expense, t.prior_year) AS fact
    WHERE t.in_money AND t.redeemed <> t.expense - t.prior_year
    UNION ALL
    SELECT format('%s under recovery, %s recoverable', t.under_recovery, t.recoverable) AS fact
    WHERE t.in_money AND t.under_recovery <> t.recoverable
    UNION ALL
    SELECT format('%s written off, %s in money', t.written_off, t.write_off) AS fact
    WHERE t.in_money AND t.written_off <> t.write_off
    UNION ALL
    SELECT format('%s ordered, %s in transit', t.ordered, t.in_transit) AS fact
    WHERE t.in_money AND t.ordered <> t.in_transit
) AS s;
