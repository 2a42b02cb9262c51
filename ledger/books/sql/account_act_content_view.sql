-- What was decided of accounts, as canonical JSON (RFC 8785): the digest of an act's record is that of its content.
CREATE VIEW ledger_account_act_content AS
SELECT
    a.id AS act_id,
    CASE a.kind WHEN 'freeze' THEN 'account.frozen' WHEN 'thaw' THEN 'account.thawed' ELSE 'account.closed' END AS kind,
    '{"account":"' || c.code || '","actor":' || to_json(a.actor)::text || ',"kind":"' || a.kind
    || '","reason":' || to_json(a.reason)::text || ',"recorded_at_ms":' || a.recorded_at_ms::text
    || ',"until_ms":' || coalesce(a.until_ms::text, 'null') || '}' AS content
FROM ledger_account_act AS a
INNER JOIN ledger_account AS c ON a.account_id = c.id;
