-- I13: nothing is allowed that neither a link supports nor a policy of one trust domain pays.
CREATE VIEW invariant_allowed_parts_have_their_evidence AS
SELECT
    format('fact %s in run %s', p.fact_id, r.id) AS subject, format('%s ms allowed without evidence', p.allowed_ms) AS fact
FROM billing_part AS p
INNER JOIN billing_adjudication AS a ON p.adjudication_id = a.id
INNER JOIN billing_run AS r ON a.run_id = r.id
INNER JOIN vouchers_programmeversion AS v ON r.version_id = v.id
WHERE
    p.allowed_ms > 0 AND (v.parameters ->> 'evidence_domains')::integer > 1
    AND NOT EXISTS (SELECT 1 FROM billing_link AS l WHERE l.run_id = r.id AND l.claim_id = p.fact_id);
