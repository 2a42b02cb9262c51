-- Stored hashes of the tree, in the order of the runs that are asked for and of the index in each.
-- Parameters: for each run the place of its range, the level (0: leaves), the first index and the end, all from 0.
-- Called by: ledger.log.selectors.subtree_roots.
WITH runs AS MATERIALIZED (
    SELECT r.*
    FROM unnest(%(places)s::int[], %(levels)s::int[], %(firsts)s::bigint[], %(ends)s::bigint[])
        WITH ORDINALITY AS r (place, level, first, ending, n)
)
SELECT r.place, r.level, h.hash
FROM runs AS r
CROSS JOIN LATERAL (
    SELECT l.position AS index, l.leaf_hash AS hash
    FROM ledger_log_leaf AS l
    WHERE r.level = 0 AND l.position > r.first AND l.position <= r.ending
    UNION ALL
    SELECT n.index, n.node_hash
    FROM ledger_log_node AS n
    WHERE r.level > 0 AND n.level = r.level AND n.index >= r.first AND n.index < r.ending
) AS h
ORDER BY r.n, h.index;
