-- Trigger function of ledger_transfer: what new transfers name is there - the entry, its template, what it reverses, and
-- both accounts, in the transfer's book. Once for all rows of a statement; a foreign key looks once a row. What is
-- there never goes, because nothing in the books is deleted.
CREATE FUNCTION ledger_check_transfers_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM ledger_refuse_v1('transfer_must_name_what_is_there', jsonb_build_object('transfer', t.id))
    FROM added AS t
    LEFT JOIN ledger_entry AS e ON t.entry_id = e.id
    LEFT JOIN ledger_template AS p ON e.template_id = p.code
    LEFT JOIN ledger_entry AS o ON e.reverses_id = o.id
    LEFT JOIN ledger_account AS d ON t.debit_account_id = d.id AND t.book_id = d.book_id
    LEFT JOIN ledger_account AS c ON t.credit_account_id = c.id AND t.book_id = c.book_id
    WHERE p.code IS NULL OR d.id IS NULL OR c.id IS NULL OR (e.reverses_id IS NOT NULL AND o.id IS NULL)
    LIMIT 1;
    RETURN NULL;
END
$$;
