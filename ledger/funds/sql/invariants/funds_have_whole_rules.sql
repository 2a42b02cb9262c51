-- Every fund that was declared has its levels, numbered from 1 without a gap.
CREATE VIEW invariant_funds_have_whole_rules AS
SELECT
    format('fund %s', f.code) AS subject,
    format('%s levels, numbered %s to %s', count(s.id), min(s.place), max(s.place)) AS fact
FROM ledger_fund AS f
LEFT JOIN ledger_fund_share AS s ON f.code = s.fund_id
GROUP BY f.code
HAVING count(s.id) = 0 OR min(s.place) <> 1 OR count(s.id) <> max(s.place);
