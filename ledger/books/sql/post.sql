-- Calls the door with a batch: a text a column, each value after a separator, in the order of the door's parameters; last
-- the instant. What stands before the first separator is nothing.
-- Called by: ledger.books.services.post.
SELECT * FROM ledger_post_entries_v1(
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:]::bigint[],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:]::int[],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:],
    (string_to_array(%s, E'\x1e'))[2:]::bigint[],
    (string_to_array(%s, E'\x1e'))[2:],
    %s
);
