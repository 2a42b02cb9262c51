-- The one way to give a fund its share rule: whole, once and for life. The log has a record of it.
-- Parameters: fund; payments_follow; its levels and their weights, in the order in which they were named; the clock's
--   instant.
-- Returns: true when the rule is new, false when the fund has this very rule already (a repetition).
-- Refuses: by ledger_refuse_v1 or a constraint of the tables, with the codes of `ledger/funds/errors.py`; nothing is
--   written.
-- Locks: the fund's code, so that of two that declare it the second waits and then compares.
-- Called by: ledger.funds.services.declare_shares.
CREATE FUNCTION ledger_declare_shares_v1(
    fund text, payments_follow text, levels text[], weights bigint[], declared_at_ms bigint
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    asked text;
    declared text;
BEGIN
    IF coalesce(cardinality(levels), 0) = 0 OR cardinality(levels) IS DISTINCT FROM cardinality(weights) THEN
        PERFORM ledger_refuse_v1('fund_must_have_levels', jsonb_build_object('fund', fund));
    END IF;
    INSERT INTO ledger_fund AS f (code, payments_follow, declared_at_ms)
    VALUES (fund, payments_follow, declared_at_ms)
    ON CONFLICT (code) DO NOTHING;
    IF FOUND THEN
        INSERT INTO ledger_fund_share (fund_id, level, place, weight)
        SELECT fund, s.level, s.place, s.weight
        FROM unnest(levels, weights) WITH ORDINALITY AS s (level, weight, place)
        ORDER BY s.place;
        PERFORM ledger_record_v1(
            'fund.declared', ARRAY[fund], ARRAY[sha256(convert_to(c.content, 'UTF8'))], ARRAY[c.content], '',
            declared_at_ms
        )
        FROM ledger_fund_content AS c
        WHERE c.fund = fund;
        RETURN TRUE;
    END IF;
    -- A statement of its own, so that it sees what a rival committed while we waited for the code.
    SELECT string_agg(format('%s %s', s.level, s.weight), ' : ' ORDER BY s.place) || ', payments ' || f.payments_follow
    INTO declared
    FROM ledger_fund AS f
    INNER JOIN ledger_fund_share AS s ON s.fund_id = f.code
    WHERE f.code = fund
    GROUP BY f.code;
    SELECT string_agg(format('%s %s', s.level, s.weight), ' : ' ORDER BY s.place) || ', payments ' || payments_follow
    INTO asked
    FROM unnest(levels, weights) WITH ORDINALITY AS s (level, weight, place);
    IF asked IS DISTINCT FROM declared THEN
        PERFORM ledger_refuse_v1(
            'fund_must_keep_its_shares', jsonb_build_object('fund', fund, 'declared', declared, 'asked', asked)
        );
    END IF;
    RETURN FALSE;
END
$$;
