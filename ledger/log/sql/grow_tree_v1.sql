-- Adds leaves to the tree: writes the nodes that became complete at every eighth level, and the new head.
-- Parameters: the tree's size and frontier before, the hashes of the new leaves, the clock's instant.
-- Locks: its caller's, so that one sealer at a time grows the tree. One statement a level, whatever the number of leaves.
-- Source: RFC 9162 section 2.1.1; the compact ranges of the transparency-dev Merkle library.
-- Called by: ledger_seal_v1.
CREATE FUNCTION ledger_grow_tree_v1(size_before bigint, frontier_before bytea[], leaves bytea[], now_ms bigint)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    size_after bigint := size_before + cardinality(leaves);
    level int := 0;
    first_index bigint := size_before;
    carried bytea[] := leaves;
    standing int := cardinality(frontier_before);
    frontier_after bytea[] := '{}';
    root_after bytea;
BEGIN
    -- At each level: the nodes that the new leaves completed, with the one that stood there and waited for a sibling.
    WHILE cardinality(carried) > 0 LOOP
        IF level > 0 AND level % 8 = 0 THEN
            INSERT INTO ledger_log_node (level, index, node_hash)
            SELECT level, first_index + c.place - 1, c.hash FROM unnest(carried) WITH ORDINALITY AS c (hash, place);
        END IF;
        IF first_index % 2 = 1 THEN
            carried := array_prepend(frontier_before[standing], carried);
            standing := standing - 1;
            first_index := first_index - 1;
        END IF;
        IF cardinality(carried) % 2 = 1 THEN
            frontier_after := array_prepend(carried[cardinality(carried)], frontier_after);
        END IF;
        SELECT coalesce(array_agg(sha256('\x01'::bytea || p.hash || p.sibling) ORDER BY p.place), '{}') INTO carried
        FROM (
            SELECT c.hash, c.place, lead(c.hash) OVER (ORDER BY c.place) AS sibling
            FROM unnest(carried) WITH ORDINALITY AS c (hash, place)
        ) AS p
        WHERE p.place % 2 = 1 AND p.sibling IS NOT NULL;
        first_index := first_index / 2;
        level := level + 1;
    END LOOP;
    frontier_after := frontier_before[1:standing] || frontier_after;
    root_after := frontier_after[cardinality(frontier_after)];
    FOR place IN REVERSE cardinality(frontier_after) - 1..1 LOOP
        root_after := sha256('\x01'::bytea || frontier_after[place] || root_after);
    END LOOP;
    INSERT INTO ledger_log_head (size, root, frontier, sealed_at_ms)
    VALUES (size_after, root_after, frontier_after, now_ms);
END
$$;
