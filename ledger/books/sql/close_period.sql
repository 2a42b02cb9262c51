-- Closes every book of an owner up to an instant. Called by: ledger.books.services.close_period.
SELECT ledger_close_period_v1(%(owner)s, %(open_from_ms)s::bigint, %(actor)s, %(document)s, %(now_ms)s::bigint);
