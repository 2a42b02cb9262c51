-- Posts a batch of one entry with one row between open accounts: the frequent act, in statements of one row each.
-- Returns: the entry's id, or NULL when the batch is anything else or anything is wrong: then nothing is written, and
-- ledger_post_entries_v1 does it or says why not. Both do the same, which tests hold them to.
-- Locks: the two accounts, in id order, then the key.
-- Called by: ledger_post_entries_v1.
CREATE FUNCTION ledger_post_transfer_v1(
    template text, key text, happened_ms bigint, proposer text, approver text, document text, run text, original text,
    debit text, credit text, amount bigint, asset text, now_ms bigint
) RETURNS bigint
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    named record;
    debit_net bigint;
    credit_net bigint;
    debit_ms bigint;
    credit_ms bigint;
    new_id bigint;
BEGIN
    IF coalesce(
        original <> '' OR amount NOT BETWEEN 1 AND 999999999999999999 OR now_ms NOT BETWEEN 0 AND 7258118399999
        OR happened_ms NOT BETWEEN 0 AND 7258118399999 OR proposer || approver || document || run IS NULL, TRUE
    ) THEN
        RETURN NULL;
    END IF;
    SELECT
        d.id AS debit_id, c.id AS credit_id, d.id < c.id AS debit_first, b.id AS book_id, f.template_version AS version,
        CASE d.normal_side WHEN 'debit' THEN 1 ELSE -1 END AS debit_sign,
        CASE c.normal_side WHEN 'debit' THEN 1 ELSE -1 END AS credit_sign
    INTO named
    FROM ledger_account AS d
    CROSS JOIN ledger_account AS c
    INNER JOIN ledger_book AS b ON d.book_id = b.id AND c.book_id = b.id
    INNER JOIN ledger_flow AS f ON d.type_id = f.debit_type_id AND c.type_id = f.credit_type_id
    WHERE
        d.code = debit AND c.code = credit AND d.id <> c.id AND f.template_id = template AND b.asset = asset
        AND ledger_keys_agree_v1(d.keys, c.keys, f.debit_positions, f.credit_positions)
        AND NOT EXISTS (SELECT 1 FROM ledger_entry AS k WHERE k.idempotency_key = key);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- In id order. A statement that had to wait has tested the row as it was before: whoever fails then takes the lock
    -- first and tests again.
    FOR turn IN 1..2 LOOP
        FOR attempt IN 1..2 LOOP
            IF named.debit_first = (turn = 1) THEN
                UPDATE ledger_account AS a
                SET debits_total = a.debits_total + amount, recorded_at_ms = greatest(a.recorded_at_ms, now_ms)
                WHERE a.id = named.debit_id AND (a.debits_total - a.credits_total + amount) * a.floor_sign >= 0
                    AND a.frozen_until_ms <= now_ms AND a.debits_total <= 9223372036854775807 - amount
                RETURNING a.debits_total - a.credits_total, a.recorded_at_ms INTO debit_net, debit_ms;
            ELSE
                UPDATE ledger_account AS a
                SET credits_total = a.credits_total + amount, recorded_at_ms = greatest(a.recorded_at_ms, now_ms)
                WHERE a.id = named.credit_id AND (a.debits_total - a.credits_total - amount) * a.floor_sign >= 0
                    AND a.frozen_until_ms <= now_ms AND a.credits_total <= 9223372036854775807 - amount
                RETURNING a.debits_total - a.credits_total, a.recorded_at_ms INTO credit_net, credit_ms;
            END IF;
            EXIT WHEN FOUND;
            IF attempt = 1 THEN
                PERFORM 1 FROM ledger_account AS a
                WHERE a.id = CASE WHEN named.debit_first = (turn = 1) THEN named.debit_id ELSE named.credit_id END
                FOR NO KEY UPDATE;
            ELSIF turn = 1 THEN
                RETURN NULL;
            ELSE
                PERFORM ledger_refuse_accounts_v1(
                    ARRAY[named.debit_id], ARRAY[named.credit_id], ARRAY[amount],
                    ARRAY[least(named.debit_id, named.credit_id)], now_ms
                );
            END IF;
        END LOOP;
    END LOOP;
    -- Time does not go back on either account.
    IF debit_ms <> credit_ms THEN
        UPDATE ledger_account AS a SET recorded_at_ms = greatest(debit_ms, credit_ms)
        WHERE a.id = CASE WHEN debit_ms < credit_ms THEN named.debit_id ELSE named.credit_id END;
    END IF;
    -- The book is read after the accounts were taken: who closes a period holds them.
    INSERT INTO ledger_entry (
        template_id, template_version, idempotency_key, input_digest, happened_at_ms, recorded_at_ms,
        proposer, approver, document, run
    )
    SELECT
        template, named.version, key,
        ledger_entry_digest_v1(
            template, key, happened_ms, document, run, '',
            debit || ' ' || credit || ' ' || amount::text || ' ' || asset
        ),
        happened_ms, greatest(debit_ms, credit_ms), proposer, approver, document, run
    FROM ledger_book AS b
    WHERE b.id = named.book_id AND b.open_from_ms <= happened_ms
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING id INTO new_id;
    IF NOT FOUND THEN
        PERFORM ledger_refuse_late_v1(ARRAY[key], ARRAY[happened_ms], ARRAY[1], ARRAY[named.debit_id]);
        RAISE EXCEPTION 'The key was posted by a rival.' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO ledger_entry_waiting (entry_id) VALUES (new_id);
    INSERT INTO ledger_transfer (
        entry_id, ordinal, book_id, debit_account_id, credit_account_id, amount, recorded_at_ms,
        debit_balance, credit_balance
    ) VALUES (
        new_id, 1, named.book_id, named.debit_id, named.credit_id, amount, greatest(debit_ms, credit_ms),
        named.debit_sign * debit_net, named.credit_sign * credit_net
    );
    RETURN new_id;
END
$$;
