-- Stored hashes of the tree, in the order of the runs that are asked for and of the index in each.
-- Parameters: for each run the place of its range, the level (0: leaves), the first index and the end, all from 0.
-- Called by: ledger.log.selectors.subtree_roots.
WITH runs AS (
    SELECT r.*
    FROM
        unnest(%(places)s::int[], %(levels)s::int[], %(firsts)s::bigint[], %(ends)s::bigint[])
        WITH ORDINALITY AS r (place, level, start_at, end_at, n)
),

found AS (
    SELECT r.n, r.place, r.level, l.position AS place_in_level, l.leaf_hash AS node_hash
    FROM runs AS r
    INNER JOIN ledger_log_leaf AS l ON r.start_at < l.position AND r.end_at >= l.position
    WHERE r.level = 0
    UNION ALL
    SELECT r.n, r.place, r.level, k.index, k.node_hash
    FROM runs AS r
    INNER JOIN ledger_log_node AS k ON r.level = k.level AND r.start_at <= k.index AND r.end_at > k.index
)

SELECT h.place, h.level, h.node_hash
FROM found AS h
ORDER BY h.n, h.place_in_level;
