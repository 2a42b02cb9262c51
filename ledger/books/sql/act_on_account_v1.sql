-- Freezes, thaws or closes an account, and writes down who did it and why; the log has a record of it.
-- Parameters: kind is freeze, thaw or close; until_ms is the end of a freeze, and NULL otherwise.
-- Refuses: by ledger_refuse_v1; nothing is written.
-- Locks: the account, to the end of the transaction. A second freeze moves the end; a second thaw or close is refused.
-- Called by: ledger.books.services.freeze, thaw, close_account.
CREATE FUNCTION ledger_act_on_account_v1(
    kind text, account_code text, until_ms bigint, actor text, reason text, now_ms bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    subject record;
    act bigint;
BEGIN
    SELECT a.id, a.frozen_until_ms, a.closed_at_ms, a.debits_total - a.credits_total AS net INTO subject
    FROM ledger_account AS a
    WHERE a.code = account_code
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse_v1('account_is_unknown', jsonb_build_object('account', left(account_code, 200)));
    ELSIF subject.closed_at_ms IS NOT NULL THEN
        PERFORM ledger_refuse_v1('account_is_closed', jsonb_build_object('account', account_code));
    ELSIF actor = '' OR reason = '' THEN
        PERFORM ledger_refuse_v1('account_act_must_have_a_reason', jsonb_build_object('account', account_code));
    ELSIF kind = 'freeze' AND coalesce(until_ms <= now_ms OR until_ms > 7258118399999, TRUE) THEN
        PERFORM ledger_refuse_v1('account_act_must_end_after_it_begins', jsonb_build_object('account', account_code));
    ELSIF kind = 'thaw' AND subject.frozen_until_ms <= now_ms THEN
        PERFORM ledger_refuse_v1('account_is_not_frozen', jsonb_build_object('account', account_code));
    ELSIF kind = 'close' AND subject.net <> 0 THEN
        PERFORM ledger_refuse_v1('account_must_be_empty_to_be_closed', jsonb_build_object('account', account_code));
    END IF;
    INSERT INTO ledger_account_act (account_id, kind, until_ms, actor, reason, recorded_at_ms)
    VALUES (subject.id, kind, until_ms, actor, reason, now_ms)
    RETURNING id INTO act;
    PERFORM ledger_record_v1(
        a.kind, ARRAY[act::text], ARRAY[sha256(convert_to(a.content, 'UTF8'))], ARRAY[a.content], '', now_ms
    )
    FROM ledger_account_act_content AS a
    WHERE a.act_id = act;
    UPDATE ledger_account AS a
    SET
        frozen_until_ms = CASE kind WHEN 'freeze' THEN until_ms WHEN 'thaw' THEN 0 ELSE 9223372036854775807 END,
        closed_at_ms = CASE kind WHEN 'close' THEN now_ms END
    WHERE a.id = subject.id;
END
$$;
