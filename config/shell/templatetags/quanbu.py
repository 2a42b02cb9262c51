"""Filters and tags of the pages: exact integers become figures that a person reads. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from billing.codes import CODES, Code
from billing.metering.formats.codes import CODES as LINE_CODES
from billing.metering.models import UsageFile
from billing.metering.services import CODES as FILE_CODES
from ledger import clock
from ledger.errors import Refusal, kinds
from ledger.refusals.models import RefusedAct
from ledger.units import hours_from_ms, text_from_minor
from vouchers.people.actors import actor_of
from vouchers.people.permissions import ACTS, Role

register = template.Library()

#: The states of a voucher's value, as the glossary has them.
STATES = {
    "available": gettext_lazy("Available"),
    "held": gettext_lazy("Held for orders"),
    "redeemed": gettext_lazy("Redeemed"),
    "frozen": gettext_lazy("Frozen"),
    "expired": gettext_lazy("Expired"),
    "revoked": gettext_lazy("Revoked"),
}
BEARERS = {
    "centre": gettext_lazy("the centre"),
    "enterprise": gettext_lazy("the enterprise"),
    "held": gettext_lazy("nobody yet: held until decided"),
    "": gettext_lazy("nobody: nothing is cut"),
}
BOOKS = {
    "B": gettext_lazy("Promise and authority"),
    "M": gettext_lazy("Public money"),
    "F": gettext_lazy("Other people's money"),
    "K": gettext_lazy("Claims in money"),
    "Q": gettext_lazy("Claims in device time"),
    "L": gettext_lazy("Limits"),
}
OFFICIALS = frozenset(
    {Role.OPERATOR, Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_APPROVER, Role.FINANCE_OFFICER, Role.AUDITOR}
)
#: The pages' addresses, their names, and whose roles have something there.
NAVIGATION = (
    ("overview", gettext_lazy("Overview"), frozenset(Role)),
    ("programmes", gettext_lazy("Programmes"), frozenset(Role)),
    ("vouchers", gettext_lazy("Vouchers"), OFFICIALS | {Role.ENTERPRISE_OFFICER}),
    ("usage_files", gettext_lazy("Usage files"), OFFICIALS | {Role.CENTRE_OFFICER}),
    ("runs", gettext_lazy("Runs"), OFFICIALS),
    ("lines", gettext_lazy("Statement lines"), frozenset(Role)),
    ("statements", gettext_lazy("Statements"), OFFICIALS | {Role.CENTRE_OFFICER}),
    ("trial_balance", gettext_lazy("Books"), ACTS["books.read"][1]),
    ("log", gettext_lazy("Log"), frozenset(Role)),
    ("refusals", gettext_lazy("Refusals"), ACTS["refusals.read"][1]),
    ("finding_codes", gettext_lazy("Codes"), frozenset(Role)),
)


@register.filter
def money(amount_minor: int) -> str:
    """Write an amount of the smallest unit with two decimals."""
    return text_from_minor(amount_minor)


@register.filter
def hours(quantity_ms: int) -> SafeString:
    """Write device time as hours to the millionth, the small end of it in small print; machines find milliseconds."""
    text = hours_from_ms(quantity_ms)
    return format_html('<data value="{}">{}<small>{}</small></data>', quantity_ms, text[:-4], text[-4:])


@register.filter
def count(number: int) -> str:
    """Write a count with thousands separators."""
    return f"{number:,}"


@register.filter
def figure(amount: int, asset: str) -> str | SafeString:
    """Write a quantity of a book's asset: device time as hours, a currency as money."""
    return hours(amount) if ":" in asset else money(amount)


@register.filter
def unit(asset: str) -> str:
    """Name the unit in which a book's asset is shown."""
    kind, _, device_class = asset.partition(":")
    if not device_class:
        return asset
    device = "GPU" if kind.startswith("GPU") else gettext("core")
    return f"{device}-h {device_class}"


@register.filter
def percent(bps: int) -> str:
    """Write basis points as a percentage, without needless zeros."""
    return text_from_minor(bps).rstrip("0").rstrip(".")


@register.filter
def instant(instant_ms: int | None) -> str | SafeString:
    """Write an instant in the portal's time zone, to the second; machines find it in UTC."""
    if instant_ms is None:
        return "–"
    local = datetime.fromtimestamp(instant_ms // 1000, tz=ZoneInfo(settings.TIME_ZONE))
    return format_html('<time datetime="{}">{}</time>', clock.iso_utc(instant_ms), f"{local:%Y-%m-%d %H:%M:%S}")


@register.filter
def day(instant_ms: int) -> str:
    """Write the day on which an interval begins."""
    return clock.day_of(instant_ms, settings.TIME_ZONE).isoformat()


@register.filter
def last_day(instant_ms: int) -> str:
    """Write the last day of a half-open interval that ends at this instant."""
    return clock.day_of(instant_ms - 1, settings.TIME_ZONE).isoformat()


@register.filter
def attempt(key: str) -> SafeString:
    """Write an attempt's key with the part that only tells reruns apart in small print."""
    job, at, rerun = key.partition("@")
    return format_html("{}<small>{}{}</small>", job, at, rerun)


@register.filter
def device_count(device_milli: int) -> str:
    """Write thousandths of devices as devices, without needless zeros."""
    whole, thousandths = divmod(device_milli, 1000)
    return f"{whole:,}.{thousandths:03d}".rstrip("0").rstrip(".")


@register.filter
def state(name: str) -> str:
    """Name a state of a voucher's value."""
    return str(STATES.get(name, name))


@register.filter
def bearer(name: str) -> str:
    """Say who bears a cut."""
    return str(BEARERS.get(name, name))


@register.filter
def book_kind(kind: str) -> str:
    """Name a kind of book."""
    return str(BOOKS.get(kind, kind))


@register.filter
def finding(code: str) -> Code:
    """Look up what a code means; a code of a later release stands for itself."""
    return CODES.get(code, Code(code, "", ""))


@register.filter
def mends(code: str) -> str:
    """Say what mends a line that went back with this code."""
    remedy = LINE_CODES.get(code) or FILE_CODES.get(code)
    return gettext(remedy) if remedy else ""


@register.filter
def went_back(file: UsageFile) -> int:
    """Count the rows of a usage file that were not taken in."""
    return file.conflict + file.parked + file.rejected


@register.filter
def digest(sha256: bytes) -> str:
    """Write a digest."""
    return bytes(sha256).hex()


@register.filter
def why_not(refused_act: RefusedAct) -> str:
    """Say in the reader's language why an act was refused; a code of another release stands for itself."""
    kind = kinds().get(refused_act.code)
    return _said(kind.message, refused_act.fields) if kind else ""


@register.simple_tag(takes_context=True)
def navigation(context: RequestContext) -> list[dict[str, Any]]:
    """Return the pages that concern the person who signed in."""
    request = context["request"]
    roles = {role for _, role in actor_of(request.user).roles}
    here = request.resolver_match.url_name if request.resolver_match else ""
    return [
        {"name": name, "label": label, "is_here": name == here}
        for name, label, of_roles in NAVIGATION
        if roles & of_roles
    ]


class _Translated(dict[str, Any]):
    """A refusal's fields in the reader's language; one that is missing is left open."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


def _translated(value: Any) -> Any:
    """Translate a field that is a word of ours, or a list of such words; anything else is the reader's own."""
    if not isinstance(value, str) or not value:
        return value
    return gettext(", ").join(gettext(part) if part else part for part in value.split(", "))


@register.simple_tag
def refused(refusal: Refusal, part: str) -> str:
    """Say a refusal's `message` or `remedy` in the reader's language."""
    return _said(getattr(refusal, part), refusal.fields)


def _said(sentence: str, fields: Mapping[str, Any]) -> str:
    translated = _Translated({name: _translated(value) for name, value in fields.items()})
    return gettext(sentence).format_map(translated)
