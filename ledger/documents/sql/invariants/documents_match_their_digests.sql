-- The bytes kept of every document have its size and its SHA-256.
-- string_agg needs the whole file: a document above 512 MiB is checked by its chunks' total size only.
CREATE VIEW invariant_documents_match_their_digests AS
SELECT
    d.sha256 AS subject,
    format('%s bytes kept of %s', coalesce(s.size_bytes, 0), d.size_bytes) AS fact
FROM ledger_document AS d
LEFT JOIN LATERAL (
    SELECT sum(length(c.content)) AS size_bytes
    FROM ledger_document_chunk AS c
    WHERE c.document_id = d.sha256
) AS s ON TRUE
WHERE coalesce(s.size_bytes, 0) <> d.size_bytes
UNION ALL
SELECT
    d.sha256 AS subject,
    'the bytes kept have another SHA-256' AS fact
FROM ledger_document AS d
WHERE
    d.size_bytes <= 536870912
    AND d.sha256 IS DISTINCT FROM (
        SELECT encode(sha256(string_agg(c.content, '' ORDER BY c.ordinal)), 'hex') AS digest
        FROM ledger_document_chunk AS c
        WHERE c.document_id = d.sha256
    );
