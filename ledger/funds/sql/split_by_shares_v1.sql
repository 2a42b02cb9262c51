-- What each level of a fund bears of a total: cumulative largest remainder, of equal remainders the level named first.
-- Whole numbers only; `ledger.units.split_by_shares` is the same rule, and a test holds the two together.
-- Parameters: fund; total, not negative. Returns: each level with its share; nothing for a fund that has no rule.
-- Locks: nothing. Called by: the invariants of this room.
CREATE FUNCTION ledger_split_by_shares_v1(fund text, total numeric)
RETURNS TABLE (level text, share numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT p.level, p.whole + CASE WHEN p.turn <= total - sum(p.whole) OVER () THEN 1 ELSE 0 END
    FROM (
        SELECT
            s.level, div(total * s.weight, s.weights) AS whole,
            row_number() OVER (ORDER BY mod(total * s.weight, s.weights) DESC, s.place) AS turn
        FROM (
            SELECT f.level, f.place, f.weight, sum(f.weight) OVER () AS weights
            FROM ledger_fund_share AS f
            WHERE f.fund_id = fund
        ) AS s
    ) AS p
$$;
