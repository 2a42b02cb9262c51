"""The tables of the books. All are read-only to the runtime role; `post_entries` is the one way in."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import GreaterThanOrEqual

from ledger import privileges
from ledger.books.fields import AmountField, InstantField, KeyField, LineField, TotalField


class Side(models.TextChoices):
    """The side of an account on which its balance is shown."""

    DEBIT = "debit", "debit"
    CREDIT = "credit", "credit"


class AccountType(models.Model):
    """A kind of account in the chart: its normal side, whether it is floored, and the keys after the fund."""

    privileges = privileges.READ

    code = models.TextField(primary_key=True)
    normal_side = models.TextField(choices=Side.choices)
    floored = models.BooleanField()
    keys = ArrayField(models.TextField())
    cleared_when = models.TextField(help_text="For a clearing account: when it must be zero.")
    meaning = models.TextField()

    class Meta:
        db_table = "ledger_account_type"

    def __str__(self) -> str:
        return self.code


class Template(models.Model):
    """A kind of act that may be posted."""

    privileges = privileges.READ

    code = models.TextField(primary_key=True)
    version = models.PositiveIntegerField()
    posted_when = models.TextField()

    class Meta:
        db_table = "ledger_template"

    def __str__(self) -> str:
        return self.code


class Flow(models.Model):
    """A pair of account types that a template may debit and credit, and the keys both must share."""

    privileges = privileges.READ

    template = models.ForeignKey(Template, models.PROTECT, related_name="flows")
    template_version = models.IntegerField()
    debit_type = models.ForeignKey(AccountType, models.PROTECT, related_name="+")
    credit_type = models.ForeignKey(AccountType, models.PROTECT, related_name="+")
    same_keys = ArrayField(models.TextField())
    debit_positions = ArrayField(
        models.PositiveSmallIntegerField(), help_text="Where the same keys stand among the debited account's, from 1."
    )
    credit_positions = ArrayField(models.PositiveSmallIntegerField())

    class Meta:
        db_table = "ledger_flow"
        constraints = [
            models.UniqueConstraint(fields=["template", "debit_type", "credit_type"], name="flow_must_be_listed_once")
        ]

    def __str__(self) -> str:
        return f"{self.template_id}: {self.debit_type_id}→{self.credit_type_id}"


class Book(models.Model):
    """All accounts of one kind, one fund or collector, and one asset.

    What happened before `open_from_ms` lies in a closed period: nothing is posted there any more.
    """

    privileges = privileges.READ

    kind = models.CharField(max_length=1)
    owner = models.TextField(help_text="The fund's or the collector's code.")
    asset = models.TextField(help_text="A currency, or the time of a device class in milliseconds.")
    open_from_ms = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "ledger_book"
        constraints = [
            models.UniqueConstraint(fields=["kind", "owner", "asset"], name="book_must_be_opened_once"),
            models.CheckConstraint(condition=Q(kind__in="BMFKQL"), name="book_kind_must_be_known"),
            models.CheckConstraint(
                condition=Q(asset__regex=r"^[A-Za-z][A-Za-z0-9:._-]{0,40}$"), name="book_asset_must_be_a_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}[{self.owner}] {self.asset}"


class Account(models.Model):
    """A state of value under its full key, with what was ever debited and credited to it.

    The two totals are stored; `invariant_account_totals_equal_transfers` recomputes and compares them.
    Nothing is posted before `frozen_until_ms`, nor after the account was closed.
    """

    privileges = privileges.READ

    book = models.ForeignKey(Book, models.PROTECT, related_name="accounts")
    type = models.ForeignKey(AccountType, models.PROTECT, related_name="accounts", db_index=False)
    code = models.TextField()
    keys = ArrayField(models.TextField(), help_text="The keys after the fund.")
    normal_side = models.TextField(choices=Side.choices)
    floor_sign = models.SmallIntegerField(
        help_text="1: its debits must not fall below its credits; -1: the reverse; 0: two-sided."
    )
    debits_total = TotalField(default=0)
    credits_total = TotalField(default=0)
    opened_at_ms = InstantField()
    recorded_at_ms = InstantField(help_text="When it was last posted to. Never goes back.")
    frozen_until_ms = models.BigIntegerField(
        default=0, db_default=0, help_text="Of a closed account: 2^63 - 1, after every instant."
    )
    closed_at_ms = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.UniqueConstraint(fields=["code"], name="account_must_be_opened_once"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual((F("debits_total") - F("credits_total")) * F("floor_sign"), 0),
                name="account_must_not_pass_its_floor",
            ),
        ]
        indexes = [models.Index(fields=["type", "book"], name="account_by_type")]

    def __str__(self) -> str:
        return self.code

    @property
    def floored(self) -> bool:
        """Whether its balance never falls below zero."""
        return self.floor_sign != 0

    @property
    def balance(self) -> int:
        """The balance on the account's normal side."""
        net: int = self.debits_total - self.credits_total
        return net if self.normal_side == Side.DEBIT else -net


class AccountAct(models.Model):
    """That an account was frozen, thawed or closed: by whom, when, until when and why."""

    privileges = privileges.READ

    class Kind(models.TextChoices):
        """What may be done to an account as a whole."""

        FREEZE = "freeze", "freeze"
        THAW = "thaw", "thaw"
        CLOSE = "close", "close"

    account = models.ForeignKey(Account, models.PROTECT, related_name="acts")
    kind = models.TextField(choices=Kind.choices)
    until_ms = models.BigIntegerField(null=True, help_text="The end of a freeze.")
    actor = models.TextField()
    reason = models.TextField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_account_act"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="freeze", until_ms__isnull=False, until_ms__gt=F("recorded_at_ms"))
                | Q(kind__in=["thaw", "close"], until_ms=None),
                name="account_act_must_end_after_it_begins",
            ),
            models.CheckConstraint(condition=~Q(actor="") & ~Q(reason=""), name="account_act_must_have_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.account_id}"


class PeriodClose(models.Model):
    """That a book was closed up to an instant: by whom, when, and what stood in it by then.

    `transfers` and `amount` are how many transfers happened before `open_from_ms`, and what they add up to;
    `invariant_closed_periods_keep_their_transfers` recomputes and compares them.
    """

    privileges = privileges.READ

    book = models.ForeignKey(Book, models.PROTECT, related_name="closes")
    open_from_ms = models.BigIntegerField()
    transfers = models.BigIntegerField()
    amount = models.DecimalField(max_digits=38, decimal_places=0)
    actor = models.TextField()
    document = models.TextField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_period_close"
        constraints = [
            models.UniqueConstraint(fields=["book", "open_from_ms"], name="period_must_be_closed_once"),
            models.CheckConstraint(condition=~Q(actor=""), name="period_must_be_closed_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} before {self.open_from_ms}"


class Entry(models.Model):
    """One act: its transfers stand or fall together, under an idempotency key, for ever.

    `happened_at_ms` is when the act took place in the world, `recorded_at_ms` when it was written down: never before
    anything else that was posted to one of its accounts.
    """

    privileges = privileges.READ

    template = models.ForeignKey(Template, models.PROTECT, related_name="entries", db_constraint=False, db_index=False)
    template_version = models.IntegerField()
    idempotency_key = KeyField()
    input_digest = models.BinaryField(max_length=32)
    happened_at_ms = InstantField()
    recorded_at_ms = InstantField()
    proposer = LineField(help_text="The actor who asked for it: an opaque code, so that books know no person.")
    approver = LineField(help_text="The actor who approved it, or empty where one person suffices.")
    document = LineField(help_text="The number of the decision or document behind it.")
    run = LineField(help_text="The reconciliation run behind it, or empty.")
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reversals", db_constraint=False, db_index=False
    )

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="entry_key_must_be_used_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_must_be_reversed_once"
            ),
            models.CheckConstraint(
                condition=Q(template="REVERSE", reverses__isnull=False)
                | (~Q(template="REVERSE") & Q(reverses__isnull=True)),
                name="entry_must_reverse_exactly_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=~Q(proposer="") & ~Q(proposer=F("approver")), name="entry_approver_must_not_be_proposer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.idempotency_key}"


class Movement(models.Model):
    """What the sealed entries of one template moved on an account on one accounting day, by the time of happening.

    Derived, so that a balance at a time of happening is a sum over days; `invariant_movements_equal_transfers`
    recomputes and compares it. The two instants bound where the day's transfers stand in recorded order.
    """

    privileges = privileges.READ

    account = models.ForeignKey(Account, models.PROTECT, related_name="movements", db_constraint=False, db_index=False)
    happened_on = models.DateField()
    template = models.ForeignKey(Template, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    transfers = models.BigIntegerField()
    debits = models.BigIntegerField()
    credits = models.BigIntegerField()
    first_recorded_at_ms = models.BigIntegerField()
    last_recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_movement"
        constraints = [
            models.UniqueConstraint(fields=["account", "happened_on", "template"], name="movement_must_be_summed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.happened_on} {self.template_id}"


class EntryNumber(models.Model):
    """An entry's number in a book and year of its happening (Asia/Shanghai): without gaps from 1, given at sealing."""

    privileges = privileges.READ

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="numbers", db_constraint=False, db_index=False)
    book = models.ForeignKey(Book, models.PROTECT, related_name="numbers", db_constraint=False, db_index=False)
    year = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()

    class Meta:
        db_table = "ledger_entry_number"
        constraints = [
            models.UniqueConstraint(fields=["book", "year", "number"], name="entry_number_must_be_given_once"),
            models.UniqueConstraint(fields=["entry", "book"], name="entry_must_have_one_number_in_a_book"),
            models.CheckConstraint(condition=Q(number__gt=0), name="entry_number_must_be_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} {self.year}/{self.number}"


class Transfer(models.Model):
    """One row of an entry: a positive amount debited to one account and credited to another of the same book.

    `id` is the recorded order: of two transfers on one account, the later has the greater id and no earlier
    `recorded_at_ms`. The two balances are those after it, each on its account's normal side.
    """

    privileges = privileges.READ

    # That these are there, and the accounts in this book, is looked at once for all rows of a statement, by the trigger
    # `transfer_must_name_what_is_there`: a foreign key looks once a row.
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="transfers", db_constraint=False, db_index=False)
    ordinal = models.IntegerField(help_text="The row's place in its entry, from 1.")
    book = models.ForeignKey(Book, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    debit_account = models.ForeignKey(
        Account, models.PROTECT, related_name="debits", db_constraint=False, db_index=False
    )
    credit_account = models.ForeignKey(
        Account, models.PROTECT, related_name="credits", db_constraint=False, db_index=False
    )
    amount = AmountField()
    recorded_at_ms = InstantField(help_text="The entry's, kept here for look-ups by account and time.")
    debit_balance = models.BigIntegerField()
    credit_balance = models.BigIntegerField()

    class Meta:
        db_table = "ledger_transfer"
        constraints = [
            models.UniqueConstraint(fields=["entry", "ordinal"], name="transfer_must_have_one_place"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_accounts_must_be_different"
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "recorded_at_ms", "id"], name="transfer_by_debit_account"),
            models.Index(fields=["credit_account", "recorded_at_ms", "id"], name="transfer_by_credit_account"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.ordinal}: {self.amount}"
