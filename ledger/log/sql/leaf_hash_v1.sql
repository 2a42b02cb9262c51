-- The hash of a leaf, suite 1: SHA-256(0x00 || data), where data is canonical JSON that commits to the content with
-- SHA-256(salt || content). The salt has 16 bytes, so that nothing can be taken for a part of it.
-- Source: RFC 9162 section 2.1.1; RFC 8785.
-- Called by: ledger_seal_v1, check_leaves. ledger.log.verifier.leaf_hash says the same in Python.
CREATE FUNCTION ledger_leaf_hash_v1(kind text, salt bytea, content text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT sha256('\x00'::bytea || convert_to(
    '{"commitment":"' || encode(sha256(salt || convert_to(content, 'UTF8')), 'hex')
    || '","kind":' || to_json(kind)::text || ',"suite":"sha256-ed25519","version":1}',
    'UTF8'
))
$$;
