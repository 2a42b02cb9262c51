-- Calls the door with a batch.
-- Parameters: a text a column, with a separator after each value; what stands after the last is no value. And now_ms.
-- Called by: ledger.books.services.post.
SELECT * FROM ledger_post_entries_v1(
    trim_array(string_to_array(%(template)s, E'\x1e'), 1),
    trim_array(string_to_array(%(idempotency_key)s, E'\x1e'), 1),
    trim_array(string_to_array(%(happened_at_ms)s, E'\x1e'), 1)::bigint[],
    trim_array(string_to_array(%(proposer)s, E'\x1e'), 1),
    trim_array(string_to_array(%(approver)s, E'\x1e'), 1),
    trim_array(string_to_array(%(document)s, E'\x1e'), 1),
    trim_array(string_to_array(%(run)s, E'\x1e'), 1),
    trim_array(string_to_array(%(reverses)s, E'\x1e'), 1),
    trim_array(string_to_array(%(row_entries)s, E'\x1e'), 1)::int[],
    trim_array(string_to_array(%(debit)s, E'\x1e'), 1),
    trim_array(string_to_array(%(credit)s, E'\x1e'), 1),
    trim_array(string_to_array(%(amount)s, E'\x1e'), 1)::bigint[],
    trim_array(string_to_array(%(asset)s, E'\x1e'), 1),
    %(now_ms)s::bigint
);
