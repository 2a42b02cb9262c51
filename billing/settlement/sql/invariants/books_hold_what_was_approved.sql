-- I12: of every line, the books hold exactly what its latest approval says, in money and in time.
CREATE VIEW invariant_books_hold_what_was_approved AS
SELECT format('line %s', s.line) AS subject, format('%s %s approved, %s in the books', s.approved, s.type, s.booked) AS fact
FROM (
    SELECT l.code AS line, t.type, coalesce(t.approved, 0) AS approved, coalesce(sum(b.balance), 0) AS booked
    FROM (
        SELECT DISTINCT ON (j.line_id) j.line_id, j.claimed_ms, j.allowed_ms, j.claimed_minor, j.subsidy_minor
        FROM billing_approval AS p
        INNER JOIN billing_adjudication AS j ON p.adjudication_id = j.id
        ORDER BY j.line_id ASC, p.id DESC
    ) AS a
    INNER JOIN billing_statementline AS l ON a.line_id = l.id
    INNER JOIN vouchers_programme AS g ON l.programme_id = g.id
    CROSS JOIN
        LATERAL (
            VALUES ('K.Claimed', a.claimed_minor), ('K.Subsidy', a.subsidy_minor), ('Q.Claimed', a.claimed_ms),
            ('Q.Allowed', a.allowed_ms)
        ) AS t (type, approved)
    LEFT JOIN ledger_balance AS b ON t.type = b.type AND g.code = b.owner AND b.keys[1] = l.code
    GROUP BY l.code, t.type, t.approved
) AS s
WHERE s.approved <> s.booked;
