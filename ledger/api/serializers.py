"""The books in JSON. Amounts are integers of their asset's smallest unit, which `unit` names."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger import clock
from ledger.api.fields import InstantField
from ledger.books.models import Account, Entry, EntryNumber, Side, Transfer

UNIT = "`minor`: the currency's smallest unit, such as a fen; `ms`: device time in milliseconds."
UNITS = ["minor", "ms"]
STATES = ["open", "frozen", "closed"]


def unit_of(asset: str) -> str:
    """Name the smallest unit of an asset: a currency's, or the millisecond of a device class's time.

    >>> unit_of("CNY"), unit_of("GPUms:A100")
    ('minor', 'ms')
    """
    return "ms" if ":" in asset else "minor"


@extend_schema_field(serializers.ChoiceField(UNITS, help_text=UNIT))
class UnitField(serializers.Field[str, Any, str, Any]):
    """The smallest unit of the asset that stands beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, help_text=UNIT, **kwargs)

    def to_representation(self, value: str) -> str:
        """Name it."""
        return unit_of(value)


class AsOfSerializer(serializers.Serializer[Any]):
    """What an account held at an instant, by the time of recording or of happening; the instant is included."""

    axis = serializers.ChoiceField(["recorded", "happened"])
    instant = InstantField(source="instant_ms")
    balance = serializers.IntegerField()


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account, and what it holds now on its normal side."""

    kind = serializers.CharField(source="book.kind")
    fund = serializers.CharField(source="book.owner", help_text="The fund or collector.")
    asset = serializers.CharField(source="book.asset")
    unit = UnitField(source="book.asset")
    type = serializers.CharField(source="type_id")
    keys = serializers.SerializerMethodField()
    normal_side = serializers.ChoiceField(Side.choices)
    floored = serializers.BooleanField(help_text="Whether its balance can never fall below zero.")
    balance = serializers.IntegerField(help_text="On the normal side.")
    debits = serializers.IntegerField(source="debits_total", help_text="All that was ever debited.")
    credits = serializers.IntegerField(source="credits_total", help_text="All that was ever credited.")
    state = serializers.SerializerMethodField()
    frozen_until = serializers.SerializerMethodField()
    closed_at = InstantField(source="closed_at_ms", allow_null=True)
    opened_at = InstantField(source="opened_at_ms")
    posted_at = InstantField(source="recorded_at_ms", help_text="When it was last posted to, by the time of recording.")

    class Meta:
        model = Account
        fields = [
            "code",
            "kind",
            "fund",
            "asset",
            "unit",
            "type",
            "keys",
            "normal_side",
            "floored",
            "balance",
            "debits",
            "credits",
            "state",
            "frozen_until",
            "closed_at",
            "opened_at",
            "posted_at",
        ]

    @extend_schema_field(
        serializers.DictField(child=serializers.CharField(), help_text="The keys after the fund, by name.")
    )
    def get_keys(self, account: Account) -> dict[str, str]:
        """Return the account's own keys by the names that its type gives them."""
        return dict(zip(account.type.keys, account.keys, strict=True))

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, account: Account) -> str:
        """Say whether anything may be posted to it now."""
        if account.closed_at_ms is not None:
            return "closed"
        return "frozen" if account.frozen_until_ms > clock.now_ms() else "open"

    @extend_schema_field(serializers.DateTimeField(allow_null=True, help_text="The end of a freeze that lasts."))
    def get_frozen_until(self, account: Account) -> str | None:
        """Say until when nothing may be posted, where it is frozen and not closed for good."""
        return clock.iso_utc(account.frozen_until_ms) if self.get_state(account) == "frozen" else None


class AccountAsOfSerializer(AccountSerializer):
    """An account; `as_of` is null unless an instant was asked for. The context has it."""

    meaning = serializers.CharField(source="type.meaning")
    cleared_when = serializers.CharField(
        source="type.cleared_when", help_text="For a clearing account: when it must be zero."
    )
    as_of = serializers.SerializerMethodField()

    class Meta(AccountSerializer.Meta):
        fields = [*AccountSerializer.Meta.fields, "meaning", "cleared_when", "as_of"]

    @extend_schema_field(AsOfSerializer(allow_null=True))
    def get_as_of(self, _account: Account) -> Any:
        """Return what was asked for."""
        return self.context["as_of"] and AsOfSerializer(self.context["as_of"]).data


class LegSerializer(serializers.Serializer[Any]):
    """What one transfer did to an account; `change` and `balance_after` are on the account's normal side."""

    transfer = serializers.IntegerField(source="transfer_id")
    entry = serializers.IntegerField(source="entry_id")
    template = serializers.CharField()
    recorded_at = InstantField(source="recorded_at_ms")
    happened_at = InstantField(source="happened_at_ms")
    other = serializers.CharField(help_text="The account on the other side.")
    debit = serializers.IntegerField()
    credit = serializers.IntegerField()
    change = serializers.IntegerField()
    balance_after = serializers.IntegerField()


class StatementOfAccountSerializer(serializers.Serializer[Any]):
    """A page of an account's statement, newest first; `next` leads to older legs, or is null."""

    account = serializers.CharField()
    asset = serializers.CharField()
    unit = UnitField(source="asset")
    normal_side = serializers.ChoiceField(Side.choices)
    next = serializers.URLField(allow_null=True)
    results = LegSerializer(many=True)


class NumberSerializer(serializers.ModelSerializer[EntryNumber]):
    """An entry's number in a book and year of its happening, without gaps from 1."""

    kind = serializers.CharField(source="book.kind")
    fund = serializers.CharField(source="book.owner")
    asset = serializers.CharField(source="book.asset")

    class Meta:
        model = EntryNumber
        fields = ["kind", "fund", "asset", "year", "number"]


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """An entry. `reverses` and `reversed_by` are ids of entries; `numbers` are given when the log is sealed."""

    template = serializers.CharField(source="template_id")
    digest = serializers.SerializerMethodField()
    happened_at = InstantField(source="happened_at_ms")
    recorded_at = InstantField(source="recorded_at_ms")
    reverses = serializers.IntegerField(source="reverses_id", allow_null=True)
    reversed_by = serializers.SerializerMethodField()
    numbers = NumberSerializer(many=True, help_text="Its numbers in the books that the reader may read.")
    position = serializers.IntegerField(
        allow_null=True, help_text="Where it stands in the log; null until it is sealed."
    )

    class Meta:
        model = Entry
        fields = [
            "id",
            "template",
            "template_version",
            "idempotency_key",
            "digest",
            "happened_at",
            "recorded_at",
            "proposer",
            "approver",
            "document",
            "run",
            "reverses",
            "reversed_by",
            "numbers",
            "position",
        ]

    @extend_schema_field(serializers.CharField(help_text="SHA-256 of its content, in hexadecimal."))
    def get_digest(self, entry: Entry) -> str:
        """Return the digest of the entry's inputs."""
        return bytes(entry.input_digest).hex()

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_reversed_by(self, entry: Entry) -> int | None:
        """Return the entry that took it back; there is one at most."""
        return next((reversal.id for reversal in entry.reversals.all()), None)


class RowSerializer(serializers.ModelSerializer[Transfer]):
    """A row of an entry. The balances are those after it, each on its account's normal side."""

    kind = serializers.CharField(source="book.kind")
    fund = serializers.CharField(source="book.owner")
    asset = serializers.CharField(source="book.asset")
    unit = UnitField(source="book.asset")
    debit_account = serializers.CharField(source="debit_account.code")
    credit_account = serializers.CharField(source="credit_account.code")

    class Meta:
        model = Transfer
        fields = [
            "ordinal",
            "kind",
            "fund",
            "asset",
            "unit",
            "debit_account",
            "credit_account",
            "amount",
            "debit_balance",
            "credit_balance",
        ]


class EntryWithRowsSerializer(EntrySerializer):
    """An entry with its first rows. The context has `rows`, one more than are shown where there are more."""

    rows = serializers.SerializerMethodField()
    has_more_rows = serializers.SerializerMethodField(help_text="Whether `…/rows` has more.")

    class Meta(EntrySerializer.Meta):
        fields = [*EntrySerializer.Meta.fields, "rows", "has_more_rows"]

    @extend_schema_field(RowSerializer(many=True))
    def get_rows(self, _entry: Entry) -> Any:
        """Return the rows that are shown."""
        return RowSerializer(self.context["rows"][: self.context["how_many"]], many=True).data

    def get_has_more_rows(self, _entry: Entry) -> bool:
        """Say whether there are more."""
        return bool(self.context["rows"][self.context["how_many"] :])


class TrialRowSerializer(serializers.Serializer[Any]):
    """One account type of a book. As of an instant `debits` and `credits` are not told, and are null."""

    type = serializers.CharField()
    meaning = serializers.CharField()
    accounts = serializers.IntegerField()
    debits = serializers.IntegerField(allow_null=True)
    credits = serializers.IntegerField(allow_null=True)
    debit_balance = serializers.IntegerField()
    credit_balance = serializers.IntegerField()


class TrialBookSerializer(serializers.Serializer[Any]):
    """One book; its two balances are equal."""

    kind = serializers.CharField()
    fund = serializers.CharField(source="owner")
    asset = serializers.CharField()
    unit = UnitField(source="asset")
    debit_balance = serializers.IntegerField()
    credit_balance = serializers.IntegerField()
    is_balanced = serializers.BooleanField()
    rows = TrialRowSerializer(many=True)


class AxisSerializer(serializers.Serializer[Any]):
    """An instant on an axis of time."""

    axis = serializers.ChoiceField(["recorded", "happened"])
    instant = InstantField(source="instant_ms")


class TrialBalanceSerializer(serializers.Serializer[Any]):
    """Every book of the reader; `as_of` is null for now."""

    as_of = AxisSerializer(allow_null=True)
    results = TrialBookSerializer(many=True)


class OpenItemSerializer(serializers.Serializer[Any]):
    """A clearing account that is not zero. `deadline` is the last day on which it may be so, null for an event."""

    code = serializers.CharField()
    type = serializers.CharField()
    fund = serializers.CharField()
    asset = serializers.CharField()
    unit = UnitField(source="asset")
    keys = serializers.DictField(child=serializers.CharField())
    balance = serializers.IntegerField()
    since = InstantField(source="since_ms")
    age_days = serializers.IntegerField()
    cleared_when = serializers.CharField()
    deadline = serializers.DateField(allow_null=True)
    overdue = serializers.BooleanField()


class OpenItemsSerializer(serializers.Serializer[Any]):
    """A page of open items, what is due first before the rest; `next` leads on, or is null."""

    next = serializers.URLField(allow_null=True)
    results = OpenItemSerializer(many=True)


class RolledRowSerializer(serializers.Serializer[Any]):
    """What entries of one template moved; `net` is on the group's side."""

    template = serializers.CharField()
    debits = serializers.IntegerField()
    credits = serializers.IntegerField()
    net = serializers.IntegerField()


class RolledGroupSerializer(serializers.Serializer[Any]):
    """The group's accounts in one kind of book and one asset: opening + the rows' nets = closing."""

    kind = serializers.CharField()
    asset = serializers.CharField()
    unit = UnitField(source="asset")
    side = serializers.CharField(help_text="`debit` or `credit`: where the figures stand.")
    opening = serializers.IntegerField()
    rows = RolledRowSerializer(many=True)
    debits = serializers.IntegerField()
    credits = serializers.IntegerField()
    net = serializers.IntegerField()
    closing = serializers.IntegerField()


class RollForwardSerializer(serializers.Serializer[Any]):
    """A roll-forward from the first day to the last, both included."""

    first = serializers.DateField()
    last = serializers.DateField()
    results = RolledGroupSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """Call the days what the parameters call them: words that Python keeps for itself."""
        fields = super().get_fields()
        return {"from": fields.pop("first"), "to": fields.pop("last"), **fields}
