-- An account is frozen or closed exactly as the last act on it says; a closed account is empty; and a floor is that of
-- the account's type.
CREATE VIEW invariant_accounts_stand_as_was_decided AS
SELECT
    a.code AS subject,
    format(
        'frozen until %s ms, closed at %s ms, net %s, floor %s; its last act: %s', a.frozen_until_ms, a.closed_at_ms,
        a.debits_total - a.credits_total, a.floor_sign, coalesce(l.kind, 'none')
    ) AS fact
FROM ledger_account AS a
INNER JOIN ledger_account_type AS t ON a.type_id = t.code
LEFT JOIN (
    SELECT DISTINCT ON (x.account_id) x.account_id, x.kind, x.until_ms, x.recorded_at_ms
    FROM ledger_account_act AS x
    ORDER BY x.account_id ASC, x.id DESC
) AS l ON a.id = l.account_id
WHERE
    a.frozen_until_ms <> CASE l.kind WHEN 'freeze' THEN l.until_ms WHEN 'close' THEN 9223372036854775807 ELSE 0 END
    OR a.closed_at_ms IS DISTINCT FROM CASE l.kind WHEN 'close' THEN l.recorded_at_ms END
    OR (a.closed_at_ms IS NOT NULL AND a.debits_total <> a.credits_total)
    OR a.normal_side <> t.normal_side
    OR a.floor_sign <> CASE WHEN NOT t.floored THEN 0 WHEN t.normal_side = 'debit' THEN 1 ELSE -1 END;
