-- The share rule of every fund as canonical JSON (RFC 8785): the digest of its record is that of its content.
CREATE VIEW ledger_fund_content AS
SELECT
    f.code AS fund,
    '{"declared_at_ms":' || f.declared_at_ms::text || ',"fund":"' || f.code || '","payments_follow":"'
    || f.payments_follow || '","shares":[' || string_agg(
        '{"level":"' || s.level || '","weight":' || s.weight::text || '}', ',' ORDER BY s.place
    ) || ']}' AS content
FROM ledger_fund AS f
INNER JOIN ledger_fund_share AS s ON f.code = s.fund_id
GROUP BY f.code;
