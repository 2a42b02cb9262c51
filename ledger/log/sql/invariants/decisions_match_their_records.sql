-- What was decided of accounts, periods and shares has its record with the digest of its content, and nothing else has.
CREATE VIEW invariant_decisions_match_their_records AS
SELECT
    coalesce(d.kind, r.kind) || ' ' || coalesce(d.subject, r.subject) AS subject,
    CASE
        WHEN d.subject IS NULL THEN 'was recorded and is gone'
        WHEN r.subject IS NULL THEN 'was never recorded'
        ELSE 'is not what was recorded'
    END AS fact
FROM (
    SELECT a.kind, a.act_id::text AS subject, sha256(convert_to(a.content, 'UTF8')) AS digest
    FROM ledger_account_act_content AS a
    UNION ALL
    SELECT 'period.closed', p.close_id::text, sha256(convert_to(p.content, 'UTF8'))
    FROM ledger_period_close_content AS p
    UNION ALL
    SELECT 'fund.declared', f.fund, sha256(convert_to(f.content, 'UTF8')) FROM ledger_fund_content AS f
) AS d
FULL JOIN (
    SELECT q.kind, q.subject, q.digest FROM ledger_log_record AS q
    WHERE q.kind IN ('account.frozen', 'account.thawed', 'account.closed', 'period.closed', 'fund.declared')
) AS r ON d.kind = r.kind AND d.subject = r.subject
WHERE d.digest IS DISTINCT FROM r.digest;
