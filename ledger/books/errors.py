"""What the books refuse, one fact each. The code is the name of the constraint in the database."""

from __future__ import annotations

from ledger.errors import Refusal


class BooksRefusal(Refusal):
    """A posting that the database refused; its fields come from the database."""

    http_status = 409


class BatchHoldsNoEntries(BooksRefusal):
    """A batch is a list of at least one entry."""

    code = "batch_must_hold_entries"
    message = "The batch holds no entries."
    remedy = "Post at least one entry."


class BatchUnreadable(BooksRefusal):
    """A batch is JSON that PostgreSQL can store: no NUL, no half of a surrogate pair, no NaN."""

    code = "batch_must_be_readable"
    message = "The batch has a text or a number in it that cannot be stored: {reason}"
    remedy = "Send Unicode text without NUL and whole numbers."
    http_status = 422


class EntryHasNoRows(BooksRefusal):
    """An entry moves something."""

    code = "entry_must_have_rows"
    message = "Entry {entry} has no rows."
    remedy = "Give it at least one transfer, or do not post it."


class EntryLacksFields(BooksRefusal):
    """An entry has exactly its fields, each of its type, and so has each of its rows."""

    code = "entry_must_have_its_fields"
    message = "Entry {entry}: {field} is missing, is of another type, or is not a field of the books."
    remedy = "Give exactly the fields of an entry, texts as texts and amounts as numbers; an empty text means none."
    http_status = 422


class EntryKeyRepeated(BooksRefusal):
    """A batch names one idempotency key twice."""

    code = "entry_key_must_be_once_in_batch"
    message = "The key {entry} stands twice in one batch."
    remedy = "Give each entry of a batch its own idempotency key."


class EntryKeyUnreadable(BooksRefusal):
    """An idempotency key is 1 to 200 printable ASCII characters without blanks."""

    code = "entry_key_must_be_readable"
    message = "The idempotency key is empty, too long, or has blanks or other than ASCII characters in it."
    remedy = "Use 1 to 200 printable ASCII characters without blanks."


class IdempotencyConflict(BooksRefusal):
    """The key was used before with other inputs."""

    code = "idempotency_key_has_other_inputs"
    message = "The key {entry} was used before for something else."
    remedy = "Send the same inputs to get the first answer again, or use a new key for a new act."


class TemplateUnknown(BooksRefusal):
    """The template is not in the chart."""

    code = "template_is_unknown"
    message = "Entry {entry} asks for the template {template}, which does not exist."
    remedy = "Use one of the templates in docs/reference/chart-of-accounts.md."


class FlowNotInTemplate(BooksRefusal):
    """The template does not list the pair of account types."""

    code = "flow_must_be_in_the_template"
    message = "{template} may not debit {debit} and credit {credit}."
    remedy = "Post the act with the template that lists this flow (docs/reference/chart-of-accounts.md)."


class FlowLeavesItsKeys(BooksRefusal):
    """Value would leave its voucher, line or limit."""

    code = "flow_must_keep_its_keys"
    message = "From {credit} to {debit} the {key} changes."
    remedy = "Both accounts must name the same {key}."


class TransferLeavesItsBook(BooksRefusal):
    """A row would join two kinds of book, or two funds."""

    code = "transfer_must_stay_in_one_book"
    message = "{debit} and {credit} are not in one book."
    remedy = "Both accounts must be of one kind and one fund."


class TransferAmountNotPositive(BooksRefusal):
    """Amounts are positive integers below 10^18."""

    code = "transfer_amount_must_be_positive"
    message = "{amount} is not an amount (from {credit} to {debit})."
    remedy = "Use a positive whole number of the asset's smallest unit, below 10^18."


class TransferAccountsEqual(BooksRefusal):
    """A transfer has two accounts."""

    code = "transfer_accounts_must_be_different"
    message = "A transfer debits and credits the same account."
    remedy = "Name two different accounts."


class AccountCodeMalformed(BooksRefusal):
    """An account's code is its type and its keys in brackets."""

    code = "account_code_is_malformed"
    message = "{account} is not an account code."
    remedy = (
        "Write type and keys, such as B.Held[QY24,V1,O1]; keys use letters, digits and . _ : / - only, "
        "and the whole code has at most 400 characters."
    )


class AccountLacksKeys(BooksRefusal):
    """The account's type does not exist or asks for other keys."""

    code = "account_must_have_its_keys"
    message = "{account} does not have the keys that its type asks for, or there is no such type."
    remedy = "Look the type up in docs/reference/chart-of-accounts.md."


class AssetMalformed(BooksRefusal):
    """An asset is a code that plain-text accounting accepts."""

    code = "book_asset_must_be_a_code"
    message = "{asset} is not the code of an asset."
    remedy = "Use a letter and up to 40 letters, digits and : . _ - such as CNY or GPUms:A100."
    http_status = 422


class AccountHasAnotherAsset(BooksRefusal):
    """An account holds one asset for life."""

    code = "account_has_another_asset"
    message = "{debit} and {credit} do not both hold {asset}."
    remedy = "Post the row in the asset of its accounts, or use other accounts."


class AccountPassesItsFloor(BooksRefusal):
    """The account does not hold enough."""

    code = "account_must_not_pass_its_floor"
    message = "{account} would stand at {balance} after a transfer of {amount}."
    remedy = "Post at most what the account holds."


class AccountTotalTooLarge(BooksRefusal):
    """What was ever debited or credited to an account stays below 2^63."""

    code = "account_totals_must_fit"
    message = "{account} cannot take {amount} more: its total would pass 2^63 - 1."
    remedy = "Check the amount; no real account comes near. If it is right, go on under another key."


class EntryTimeImplausible(BooksRefusal):
    """An entry happened, and was recorded, between 1970 and 2199."""

    code = "entry_time_must_be_plausible"
    message = "The entry's time is not a whole millisecond between 1970 and 2199."
    remedy = "Give happened_at_ms in whole milliseconds since 1970-01-01T00:00:00Z."


class ApproverIsProposer(BooksRefusal):
    """Nobody approves what they proposed."""

    code = "entry_approver_must_not_be_proposer"
    message = "The approver of an entry is its proposer, or nobody proposed it."
    remedy = "Let a second person approve."


class HistoryChanged(BooksRefusal):
    """An append-only table was to be changed."""

    code = "history_must_not_change"
    message = "{act} on {table}: what is recorded is never changed or deleted."
    remedy = "Record a correction instead."


BY_CODE: dict[str, type[BooksRefusal]] = {refusal.code: refusal for refusal in BooksRefusal.__subclasses__()}
