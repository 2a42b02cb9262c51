-- The types of the books' columns. A regular expression without a count of repetitions, because a count costs seventy
-- times as much.
CREATE DOMAIN ledger_instant AS bigint
CONSTRAINT entry_time_must_be_plausible CHECK (value BETWEEN 0 AND 7258118399999);
CREATE DOMAIN ledger_amount AS bigint
CONSTRAINT transfer_amount_must_be_positive CHECK (value BETWEEN 1 AND 999999999999999999);
CREATE DOMAIN ledger_total AS bigint
CONSTRAINT account_totals_must_not_be_negative CHECK (value >= 0);
CREATE DOMAIN ledger_key AS text
CONSTRAINT entry_key_must_be_readable CHECK (value <> '' AND value !~ '[^!-~]' AND length(value) <= 200);
CREATE DOMAIN ledger_line AS text
CONSTRAINT entry_texts_must_be_one_line CHECK (value !~ '[\x01-\x1f\x7f]' AND length(value) <= 200);
