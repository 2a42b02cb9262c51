"""What may be asked of the books beside lists: the parameters of each question, with what they mean left out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from ledger.api.fields import AskedInstantField
from ledger.api.filters import LENGTH_MAX, check_names


class AskedCodeField(serializers.CharField):
    """A code that is asked about, exactly as it stands; empty means any."""

    def __init__(self, help_text: str, *, max_length: int = LENGTH_MAX) -> None:
        super().__init__(
            help_text=help_text,
            required=False,
            allow_blank=True,
            default="",
            max_length=max_length,
            trim_whitespace=False,
        )


class NoQuestion(serializers.Serializer[Any]):
    """Nothing can be asked."""


class AsOfQuestion(serializers.Serializer[Any]):
    """As of which instant, on one axis of time; none means now."""

    recorded_at = AskedInstantField(help_text="As the books stood at this instant, included.")
    happened_at = AskedInstantField(help_text="What was so at this instant, included, as far as it is known now.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one axis: on both at once there is no balance."""
        if attrs["recorded_at"] is not None and attrs["happened_at"] is not None:
            raise serializers.ValidationError(
                {"happened_at": "Give recorded_at or happened_at, not both."}, code="axis_is_ambiguous"
            )
        return attrs


class TrialBalanceQuestion(AsOfQuestion):
    """Which books, as of when."""

    fund = AskedCodeField("Only of this fund or collector.")


class StatementQuestion(serializers.Serializer[Any]):
    """Which part of an account's statement."""

    recorded_from = AskedInstantField(help_text="Recorded at this instant or later.")
    recorded_to = AskedInstantField(help_text="Recorded at this instant or earlier.")
    cursor = AskedCodeField("Older than this place; `next` has it.")


class OpenItemsQuestion(serializers.Serializer[Any]):
    """Which open items."""

    fund = AskedCodeField("Only of this fund or collector.")
    type = AskedCodeField("Only of this account type.")
    key = AskedCodeField("Only accounts of which one key is this, such as a line or voucher.")
    cursor = AskedCodeField("After this place; `next` has it.", max_length=LENGTH_MAX + 30)


class RollForwardQuestion(serializers.Serializer[Any]):
    """Which group of accounts, from which day to which."""

    first = AskedCodeField("The first day, by the time of happening; the first of this month when left out.")
    last = AskedCodeField("The last day, included; today when left out.")
    fund = AskedCodeField("Only of this fund or collector.")
    kind = AskedCodeField("Only of these kinds of book, such as `BM`.")
    type = AskedCodeField("Only of this account type.")
    key = AskedCodeField("Only accounts of which one key is this, such as a line or voucher.")

    def get_fields(self) -> dict[str, Any]:
        """Call the days by words that Python keeps for itself."""
        fields = super().get_fields()
        return {"from": fields.pop("first"), "to": fields.pop("last"), **fields}


def asked_of(request: Request, question: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Return what a request asks. Refuses: ValidationError, for what is not asked like this."""
    form = question(data=request.query_params.dict())
    check_names(request.query_params, {*form.fields, "format"})
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)
