-- The digest of an entry's inputs: SHA-256 of its fields and its rows, one a line. No field holds a line break.
-- Parameters: lines is one line a row, "debit credit amount asset", in order; empty for a reversal, whose rows the
-- original says. reverses is the original's idempotency key, or empty.
-- Called by: the door, and invariant_entries_match_their_digests.
CREATE FUNCTION ledger_entry_digest_v1(
    template text, idempotency_key text, happened_at_ms bigint, document text, run text, reverses text, lines text
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT sha256(convert_to(
    'entry 1' || E'\n' || template || E'\n' || idempotency_key || E'\n' || happened_at_ms::text || E'\n'
    || document || E'\n' || run || E'\n' || reverses || E'\n' || lines,
    'UTF8'
))
$$;
