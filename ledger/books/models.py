"""The tables of the books. All are read-only to the runtime role; `post_entries` is the one way in."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from ledger import privileges


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
    debit_type = models.ForeignKey(AccountType, models.PROTECT, related_name="+")
    credit_type = models.ForeignKey(AccountType, models.PROTECT, related_name="+")
    same_keys = ArrayField(models.TextField())

    class Meta:
        db_table = "ledger_flow"
        constraints = [
            models.UniqueConstraint(fields=["template", "debit_type", "credit_type"], name="flow_must_be_listed_once")
        ]

    def __str__(self) -> str:
        return f"{self.template_id}: {self.debit_type_id}→{self.credit_type_id}"


class Book(models.Model):
    """All accounts of one kind, one fund or collector, and one asset."""

    privileges = privileges.READ

    kind = models.CharField(max_length=1)
    owner = models.TextField(help_text="The fund's or the collector's code.")
    asset = models.TextField(help_text="A currency, or the time of a device class in milliseconds.")

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
    """

    privileges = privileges.READ

    book = models.ForeignKey(Book, models.PROTECT, related_name="accounts")
    type = models.ForeignKey(AccountType, models.PROTECT, related_name="accounts")
    code = models.TextField(unique=True)
    keys = ArrayField(models.TextField(), help_text="The keys after the fund.")
    normal_side = models.TextField(choices=Side.choices)
    floored = models.BooleanField()
    debits_total = models.BigIntegerField(default=0)
    credits_total = models.BigIntegerField(default=0)
    opened_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.UniqueConstraint(fields=["id", "book"], name="account_must_be_in_one_book"),
            models.CheckConstraint(
                condition=Q(debits_total__gte=0, credits_total__gte=0),
                name="account_totals_must_not_be_negative",
            ),
            models.CheckConstraint(
                condition=Q(floored=False)
                | Q(normal_side=Side.DEBIT, debits_total__gte=F("credits_total"))
                | Q(normal_side=Side.CREDIT, credits_total__gte=F("debits_total")),
                name="account_must_not_pass_its_floor",
            ),
        ]
        indexes = [models.Index(fields=["type", "book"], name="account_by_type")]

    def __str__(self) -> str:
        return self.code

    @property
    def balance(self) -> int:
        """The balance on the account's normal side."""
        net = self.debits_total - self.credits_total
        return net if self.normal_side == Side.DEBIT else -net


class Entry(models.Model):
    """One act: its transfers stand or fall together, under an idempotency key, for ever.

    `happened_at_ms` is when the act took place in the world, `recorded_at_ms` when it was written down.
    """

    privileges = privileges.READ

    template = models.ForeignKey(Template, models.PROTECT, related_name="entries")
    template_version = models.PositiveIntegerField()
    idempotency_key = models.TextField(unique=True)
    input_digest = models.BinaryField(max_length=32)
    happened_at_ms = models.BigIntegerField()
    recorded_at_ms = models.BigIntegerField()
    proposer = models.TextField(help_text="The actor who asked for it: an opaque code, so that books know no person.")
    approver = models.TextField(help_text="The actor who approved it, or empty where one person suffices.")
    document = models.TextField(help_text="The number of the decision or document behind it.")
    run = models.TextField(help_text="The reconciliation run behind it, or empty.")

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.CheckConstraint(
                condition=~Q(proposer="") & ~Q(proposer=F("approver")), name="entry_approver_must_not_be_proposer"
            ),
            models.CheckConstraint(
                condition=Q(idempotency_key__regex=r"^[!-~]{1,200}$"), name="entry_key_must_be_readable"
            ),
            models.CheckConstraint(
                condition=Q(happened_at_ms__gte=0, happened_at_ms__lt=7_258_118_400_000),
                name="entry_time_must_be_plausible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.idempotency_key}"


class Transfer(models.Model):
    """One row of an entry: a positive amount debited to one account and credited to another of the same book."""

    privileges = privileges.READ

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="transfers")
    ordinal = models.PositiveIntegerField(help_text="The row's place in its entry, from 1.")
    book = models.ForeignKey(Book, models.PROTECT, related_name="+")
    debit_account = models.ForeignKey(Account, models.PROTECT, related_name="debits", db_index=False)
    credit_account = models.ForeignKey(Account, models.PROTECT, related_name="credits", db_index=False)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "ledger_transfer"
        constraints = [
            models.UniqueConstraint(fields=["entry", "ordinal"], name="transfer_must_have_one_place"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_must_be_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_accounts_must_be_different"
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "id"], name="transfer_by_debit_account"),
            models.Index(fields=["credit_account", "id"], name="transfer_by_credit_account"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.ordinal}: {self.amount}"
