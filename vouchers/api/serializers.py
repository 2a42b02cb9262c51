"""The promise in JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger.api.fields import InstantField
from ledger.refusals.models import RefusedAct
from vouchers.issuance.models import Voucher
from vouchers.orders.models import Order
from vouchers.people.models import Organisation
from vouchers.people.permissions import Role
from vouchers.programmes.models import Programme
from vouchers.programmes.selectors import policy_in_force


class OrganisationSerializer(serializers.ModelSerializer[Organisation]):
    """An organisation."""

    kind = serializers.CharField()

    class Meta:
        model = Organisation
        fields = ["code", "name", "kind"]


class HeldRoleSerializer(serializers.Serializer[Any]):
    """A role and the organisation in which it is held."""

    organisation = serializers.CharField(source="organisation.code")
    role = serializers.ChoiceField(Role.choices)


class PermittedActSerializer(serializers.Serializer[Any]):
    """Something that a person may do, and on whose behalf."""

    act = serializers.CharField()
    meaning = serializers.CharField()
    organisations = serializers.ListField(child=serializers.CharField())


class MeSerializer(serializers.Serializer[Any]):
    """The person who asks."""

    login = serializers.CharField()
    name = serializers.CharField()
    organisations = OrganisationSerializer(many=True)
    roles = HeldRoleSerializer(many=True)
    acts = PermittedActSerializer(many=True)


class ProgrammeSerializer(serializers.ModelSerializer[Programme]):
    """A programme."""

    department = serializers.CharField(source="department.code")
    finance = serializers.CharField(source="finance.code")
    operator = serializers.CharField(source="operator.code")
    starts_at = InstantField(source="starts_at_ms")
    ends_at = InstantField(source="ends_at_ms")

    class Meta:
        model = Programme
        fields = ["code", "name", "department", "finance", "operator", "starts_at", "ends_at"]


class ParametersSerializer(serializers.Serializer[Any]):
    """What a programme pays, on what evidence, and when."""

    currency = serializers.CharField()
    time_zone = serializers.CharField()
    subsidy_rate_bps = serializers.IntegerField(help_text="The public share of the allowed amount, in 1/10000.")
    funding = serializers.DictField(child=serializers.IntegerField(), help_text="Shares by funding level.")
    cycle = serializers.CharField()
    runs = serializers.DictField(
        child=serializers.IntegerField(), help_text="Working days after the period's end, by run."
    )
    calendar = serializers.CharField(help_text="ISO 3166 country whose working days count.")
    evidence_domains = serializers.IntegerField(help_text="Trust domains that must agree before anything is paid.")
    billable_states = serializers.ListField(child=serializers.CharField())


class ProgrammeInForceSerializer(ProgrammeSerializer):
    """A programme with the version of its parameters that is in force."""

    version = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField()

    class Meta(ProgrammeSerializer.Meta):
        fields = [*ProgrammeSerializer.Meta.fields, "version", "parameters"]

    def get_version(self, programme: Programme) -> int:
        """Return the version's number."""
        return policy_in_force(programme)[0].version

    @extend_schema_field(ParametersSerializer)
    def get_parameters(self, programme: Programme) -> dict[str, Any]:
        """Return the parameters."""
        return policy_in_force(programme)[1].as_parameters()


class ValueSerializer(serializers.Serializer[Any]):
    """What a voucher has in each state, in minor units."""

    available = serializers.IntegerField()
    frozen = serializers.IntegerField()
    held = serializers.IntegerField()
    redeemed = serializers.IntegerField()
    expired = serializers.IntegerField()
    revoked = serializers.IntegerField()


class VoucherSerializer(serializers.ModelSerializer[Voucher]):
    """A voucher and its value by state. The context has `values`: what `value_of` says, by voucher id."""

    programme = serializers.CharField(source="programme.code")
    holder = serializers.CharField(source="holder.code")
    valid_from = InstantField(source="valid_from_ms")
    valid_until = InstantField(source="valid_until_ms")
    value_minor = serializers.SerializerMethodField()

    class Meta:
        model = Voucher
        fields = ["code", "programme", "holder", "award", "face_minor", "valid_from", "valid_until", "value_minor"]

    @extend_schema_field(ValueSerializer)
    def get_value_minor(self, voucher: Voucher) -> dict[str, int]:
        """Return the voucher's value by state."""
        value: dict[str, int] = self.context["values"][voucher.id]
        return value


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order; `held_minor` is what was held for it when it was placed."""

    programme = serializers.CharField(source="voucher.programme.code")
    voucher = serializers.CharField(source="voucher.code")
    holder = serializers.CharField(source="voucher.holder.code")
    centre = serializers.CharField(source="cluster_account.cluster.centre.code")
    cluster = serializers.CharField(source="cluster_account.cluster.code")
    account = serializers.CharField(source="cluster_account.name")
    device_class = serializers.CharField(source="device_class.code")
    starts_at = InstantField(source="starts_at_ms")
    ends_at = InstantField(source="ends_at_ms")

    class Meta:
        model = Order
        fields = [
            "code",
            "programme",
            "voucher",
            "holder",
            "centre",
            "cluster",
            "account",
            "device_class",
            "held_minor",
            "starts_at",
            "ends_at",
        ]


class RefusedActSerializer(serializers.ModelSerializer[RefusedAct]):
    """A request to write that was refused. All texts are cut to a bounded length."""

    about = serializers.DictField(child=serializers.CharField(), help_text="What it was about, by codes.")
    fields = serializers.DictField(  # type: ignore[assignment] # a member of the document, not DRF's own fields
        child=serializers.CharField(), help_text="The refusal's own fields; docs/reference/errors.md has its sentence."
    )
    inputs_digest = serializers.SerializerMethodField()
    asked_at = InstantField(source="asked_at_ms")

    class Meta:
        model = RefusedAct
        fields = ["id", "actor", "act", "about", "code", "fields", "inputs_digest", "asked_at"]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_inputs_digest(self, refused: RefusedAct) -> str | None:
        """Return the SHA-256 of what was sent, where it is known."""
        return bytes(refused.inputs_digest).hex() if refused.inputs_digest else None
