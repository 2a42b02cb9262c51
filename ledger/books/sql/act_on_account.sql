-- Freezes, thaws or closes an account. Called by: ledger.books.services.freeze, thaw, close_account.
SELECT ledger_act_on_account_v1(%(kind)s, %(account)s, %(until_ms)s::bigint, %(actor)s, %(reason)s, %(now_ms)s::bigint);
