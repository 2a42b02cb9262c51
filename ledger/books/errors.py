"""What the books refuse, one fact each. The code is the name of the constraint in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping

import psycopg.errors

from ledger import clock
from ledger.errors import Refusal

#: The last millisecond that the books know.
LAST_MS = 7_258_118_399_999


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


class EntryTextNotOneLine(BooksRefusal):
    """The texts of an entry hold no control characters and at most 200 characters each."""

    code = "entry_texts_must_be_one_line"
    message = (
        "A proposer, approver, document or run has a line break or another control character in it, or is too long."
    )
    remedy = "Use one line of at most 200 characters for proposer, approver, document and run."
    http_status = 422


class EntryReversesWrongly(BooksRefusal):
    """A REVERSE names the entry that it takes back, and nothing else does."""

    code = "entry_must_reverse_exactly_when_it_says_so"
    message = "Entry {entry} is a REVERSE that names no entry, or names one without being a REVERSE."
    remedy = "Give `reverses` with the template REVERSE, and only with it."


class ReversalBringsRows(BooksRefusal):
    """The rows of a REVERSE are the mirror of the original's."""

    code = "reversal_must_bring_no_rows"
    message = "Entry {entry} reverses {original} and brings rows of its own."
    remedy = "Leave the rows out: the books mirror those of the original."


class ReversedEntryUnknown(BooksRefusal):
    """Only what was posted can be taken back."""

    code = "reversed_entry_must_be_posted"
    message = "Entry {entry} reverses {original}, which was not posted."
    remedy = "Name the idempotency key of an entry that was posted before, not in the same batch."


class ReversalReversed(BooksRefusal):
    """A REVERSE is final."""

    code = "reversal_must_not_be_reversed"
    message = "Entry {entry} reverses {original}, which is a REVERSE itself."
    remedy = "Post the act anew under another key."


class EntryReversedTwice(BooksRefusal):
    """An entry is taken back once."""

    code = "entry_must_be_reversed_once"
    message = "Entry {original} was taken back before."
    remedy = "Nothing is left to take back; look at the entry that reversed it."


class ReversalPrecedes(BooksRefusal):
    """A REVERSE happens after its original."""

    code = "reversal_must_not_precede"
    message = "Entry {entry} would happen before {original}, which it reverses."
    remedy = "Date it when it was decided."


class PeriodClosed(BooksRefusal):
    """Nothing is posted into a closed period."""

    code = "period_is_closed"
    message = "Entry {entry} happened in a period of the book {book} that was closed."
    remedy = "Date the correction in the open period, which begins at {open_from}, and name the first date in it."


class PeriodNotOver(BooksRefusal):
    """A period is closed when it is over."""

    code = "period_must_be_over"
    message = "The books of {owner} cannot be closed up to {open_from}: that has not come, or is no time."
    remedy = "Close up to an instant that has passed."


class PeriodReopened(BooksRefusal):
    """A closed period stays closed."""

    code = "period_must_be_closed_forward"
    message = "The books of {owner} are closed up to {open_from} already."
    remedy = "Close up to a later instant."


class PeriodClosedByNobody(BooksRefusal):
    """Somebody closes a period."""

    code = "period_must_be_closed_by_somebody"
    message = "Nobody is named who closes the books of {owner}."
    remedy = "Name the actor."


class OwnerWithoutBooks(BooksRefusal):
    """Only books that were opened can be closed."""

    code = "owner_must_have_books"
    message = "{owner} has no books."
    remedy = "Name a fund or a collector to which something was posted."


class AccountUnknown(BooksRefusal):
    """The account was never opened."""

    code = "account_is_unknown"
    message = "{account} was never opened."
    remedy = "An account opens when it is first posted to; look for its code."
    http_status = 404


class AccountFrozen(BooksRefusal):
    """Nothing is posted to a frozen account."""

    code = "account_is_frozen"
    message = "{account} is frozen until {frozen_until}."
    remedy = "Wait for the end of the freeze, or have it thawed by whoever may."


class AccountNotFrozen(BooksRefusal):
    """Only what is frozen can be thawed."""

    code = "account_is_not_frozen"
    message = "{account} is not frozen."
    remedy = "Nothing needs to be done."


class AccountClosed(BooksRefusal):
    """Nothing is posted to a closed account."""

    code = "account_is_closed"
    message = "{account} was closed for good."
    remedy = "Use the account that took its place."


class AccountNotEmpty(BooksRefusal):
    """Only an empty account is closed."""

    code = "account_must_be_empty_to_be_closed"
    message = "{account} holds value and cannot be closed."
    remedy = "Move what it holds by an act that says where it goes; then close it."


class FreezeWithoutEnd(BooksRefusal):
    """Every freeze ends."""

    code = "account_act_must_end_after_it_begins"
    message = "The freeze of {account} has no end after now."
    remedy = "Give an instant after now and before 2200."


class ActWithoutReason(BooksRefusal):
    """Somebody acts on an account, for a reason."""

    code = "account_act_must_have_a_reason"
    message = "Nobody, or no reason, is named for the act on {account}."
    remedy = "Name the actor and the reason; both stay on record."


class IsolationTooHigh(BooksRefusal):
    """The door decides on what it sees after it has waited."""

    code = "posting_needs_read_committed"
    message = "The transaction is {isolation}: the door would not see what others posted while it waited."
    remedy = "Post in a transaction of isolation READ COMMITTED."
    http_status = 500


class TransferNamesNothing(BooksRefusal):
    """A transfer's entry, its template and its accounts are there, and the accounts lie in its book."""

    code = "transfer_must_name_what_is_there"
    message = "Transfer {transfer} names an entry, a template or an account that is not there, or another book."
    remedy = "Post through the door; it opens what is not there yet."
    http_status = 500


class HistoryChanged(BooksRefusal):
    """An append-only table was to be changed."""

    code = "history_must_not_change"
    message = "{act} on {table}: what is recorded is never changed or deleted."
    remedy = "Record a correction instead."


BY_CODE: dict[str, type[BooksRefusal]] = {refusal.code: refusal for refusal in BooksRefusal.__subclasses__()}


def refusal_of(cause: BaseException | None, known: Mapping[str, object]) -> BooksRefusal | None:
    """Return what the database refused, by the name of the constraint, with the fields that the door gave.

    A constraint of a table or a type gives no fields; `known` is then what the sender knows of the batch.
    """
    if not isinstance(cause, psycopg.errors.IntegrityError) or cause.diag.constraint_name not in BY_CODE:
        return None
    try:
        fields = json.loads(cause.diag.message_detail or "")
    except ValueError:
        fields = known
    return BY_CODE[cause.diag.constraint_name](**_readable(fields if isinstance(fields, Mapping) else known))


def _readable(fields: Mapping[str, object]) -> dict[str, object]:
    """Add each instant as people write it, under its name without the unit."""
    written = {
        name.removesuffix("_ms"): clock.iso_utc(value) if 0 <= value <= LAST_MS else str(value)
        for name, value in fields.items()
        if name.endswith("_ms") and isinstance(value, int)
    }
    return {**fields, **written}
