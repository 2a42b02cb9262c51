-- I10 and I11: of every adjudicated line, claimed = allowed + every cut, in time and in money, and its parts add up to it.
CREATE VIEW invariant_lines_account_for_every_claim AS
SELECT
    format('line %s in run %s', l.code, a.run_id) AS subject,
    format(
        '%s ms and %s claimed; %s ms and %s in its parts and cuts; %s ms in its rows', a.claimed_ms, a.claimed_minor,
        a.allowed_ms + c.quantity_ms, a.allowed_minor + c.amount_minor, p.claimed_ms
    ) AS fact
FROM billing_adjudication AS a
INNER JOIN billing_statementline AS l ON a.line_id = l.id
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(j.quantity_ms), 0) AS quantity_ms, coalesce(sum(j.amount_minor), 0) AS amount_minor
        FROM billing_adjustment AS j WHERE j.adjudication_id = a.id AND j.bearer <> 'enterprise'
    ) AS c
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(t.claimed_ms), 0) AS claimed_ms, coalesce(sum(t.allowed_ms), 0) AS allowed_ms
        FROM billing_part AS t WHERE t.adjudication_id = a.id
    ) AS p
WHERE
    a.claimed_ms <> a.allowed_ms + c.quantity_ms OR a.claimed_minor <> a.allowed_minor + c.amount_minor
    OR a.claimed_ms <> p.claimed_ms OR a.allowed_ms <> p.allowed_ms;
