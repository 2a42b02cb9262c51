-- I18: what a file's return slip says was accepted, revised or returned is what was stored of it.
CREATE VIEW invariant_usage_files_account_for_every_row AS
SELECT
    f.id AS subject,
    format(
        '%s accepted or revised, %s stored; %s returned, %s stored', f.accepted + f.revised, s.facts,
        f.conflict + f.parked + f.rejected, r.lines
    ) AS fact
FROM billing_usagefile AS f
CROSS JOIN LATERAL (SELECT count(*) AS facts FROM billing_usagefact AS u WHERE u.file_id = f.id) AS s
CROSS JOIN LATERAL (SELECT count(*) AS lines FROM billing_returnedline AS l WHERE l.file_id = f.id) AS r
WHERE f.accepted + f.revised <> s.facts OR f.conflict + f.parked + f.rejected <> r.lines;
