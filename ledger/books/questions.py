"""What may be asked of the books; a question that cannot be answered is refused, never answered with nothing.

*Funds* scope a reader: the codes of the funds whose books they may read; None means every book there is. What is not
theirs is answered like what does not exist. *Day*: one of the accounting zone, from its midnight to the next.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import TypeAlias

from django.db import connection
from django.db.models import Q

from ledger import clock
from ledger.books.errors import AccountCodeMalformed, AccountLacksKeys
from ledger.books.models import AccountType, Book
from ledger.errors import NotFound, Refusal
from ledger.sql import load

Funds: TypeAlias = Collection[str] | None

ROOM = "ledger.books"
KINDS = frozenset("BMFKQL")
ZONE = "Asia/Shanghai"
LAST_MS = 7_258_118_399_999
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9._:/-]{1,400}")
KEY_PART = re.compile(r"[A-Za-z0-9._:/,\[\]-]{1,400}")
"""A part of an account's code."""
CODE = re.compile(r"[BMKQFL]\.[A-Za-z]+\[([A-Za-z0-9._:/-]+(?:,[A-Za-z0-9._:/-]+)*)\]")


class InstantImplausible(Refusal):
    """The books are asked about instants from 1970 to 2199."""

    code = "instant_must_be_plausible"
    message = "{instant} is no instant of the books."
    remedy = "Give whole milliseconds since 1970-01-01T00:00:00Z, before 2200."
    http_status = 422


class DayMalformed(Refusal):
    """A day is written as its date."""

    code = "day_is_malformed"
    message = "{text} is not a day."
    remedy = "Write a day from 1970 to 2199 as 2026-10-31."
    http_status = 422


class DaysReversed(Refusal):
    """A span of days ends after it begins."""

    code = "days_must_run_forward"
    message = "The days from {first} to {last} are no span: it ends before it begins."
    remedy = "Name the earlier day first."
    http_status = 422


class TypeNotCleared(Refusal):
    """Only a clearing account has open items."""

    code = "account_type_is_not_cleared"
    message = "Accounts of the type {type} need not return to zero, so none of them is an open item."
    remedy = "Name a type for which docs/reference/chart-of-accounts.md says when it is zero."
    http_status = 422


class GroupFitsNoType(Refusal):
    """A group of accounts is of at least one type."""

    code = "account_group_fits_no_type"
    message = "No account type is both of the kinds {kinds} and one of {types}."
    remedy = "Name kinds of book and account types that go together: a type begins with its kind."
    http_status = 422


def check_instant(instant_ms: int) -> int:
    """Return the instant. Refuses: InstantImplausible."""
    if type(instant_ms) is not int or not 0 <= instant_ms <= LAST_MS:
        raise InstantImplausible(instant=str(instant_ms)[:40])
    return instant_ms


def day_named(text: str) -> date:
    """Read a day written as 2026-10-31. Refuses: DayMalformed."""
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1970 < day.year + 1 <= 2200:
        raise DayMalformed(text=repr(text[:40]))
    return day


def first_ms_of(day: date) -> int:
    """Return the first instant of a day that the books know."""
    return max(clock.start_of_day_ms(day, ZONE), 0)


def last_ms_of(day: date) -> int:
    """Return the last instant of a day, so that "up to and including" it is the whole day."""
    return min(clock.start_of_day_ms(day + timedelta(days=1), ZONE) - 1, LAST_MS)


def funds_among(funds: Funds, fund: str) -> Funds:
    """Narrow a reader's funds to one of them; an empty name leaves them as they are.

    Refuses: NotFound, the same for a foreign fund and one without books.
    """
    if not fund:
        return funds
    readable = funds is None or fund in funds
    if not (readable and KEY.fullmatch(fund) and Book.objects.filter(owner=fund).exists()):
        raise NotFound(kind="fund", name=fund)
    return [fund]


def check_span(from_ms: int, to_ms: int) -> None:
    """See that two instants, both included, are a span. Refuses: InstantImplausible, DaysReversed."""
    if check_instant(from_ms) > check_instant(to_ms):
        raise DaysReversed(first=clock.iso_utc(from_ms), last=clock.iso_utc(to_ms))


def types_among(types: Collection[str]) -> dict[str, AccountType]:
    """Return these account types by code, or all of them when none is named. Refuses: NotFound."""
    chart = {each.code: each for each in AccountType.objects.order_by("code")}
    for code in types:
        if code not in chart:
            raise NotFound(kind="account type", name=code)
    return {code: each for code, each in chart.items() if not types or code in types}


def check_kinds(kinds: str) -> None:
    """See that each letter is a kind of book; none at all means any. Refuses: NotFound."""
    if not KINDS.issuperset(kinds):
        raise NotFound(kind="kind of book", name=kinds)


def check_asset(funds: Funds, asset: str) -> None:
    """See that one of these funds has a book in this asset. Refuses: NotFound."""
    scope = Q() if funds is None else Q(owner__in=funds)
    if not Book.objects.filter(scope, asset=asset).exists():
        raise NotFound(kind="asset", name=asset)


def check_key(funds: Funds, types: Collection[str], value: str) -> None:
    """See that an account of these types has this key, zero or not. Refuses: NotFound."""
    found = False
    if KEY.fullmatch(value):
        with connection.cursor() as cursor:
            cursor.execute(
                load(ROOM, "key_exists"), {"funds": parameter_of(funds), "types": list(types), "key_value": value}
            )
            (found,) = cursor.fetchone()
    if not found:
        raise NotFound(kind="key", name=value)


def check_codes(codes: Collection[str]) -> None:
    """See that accounts of these codes could be. Refuses: AccountCodeMalformed."""
    for code in codes:
        if type(code) is not str or len(code) > 400 or CODE.fullmatch(code) is None:
            raise AccountCodeMalformed(account=str(code)[:200])


def check_keys(codes: Collection[str], chart: Mapping[str, AccountType]) -> None:
    """See that well-formed codes have the keys that their types ask for. Refuses: AccountLacksKeys."""
    for code in codes:
        named, _, keys = code.partition("[")
        if named not in chart or keys.count(",") != len(chart[named].keys):
            raise AccountLacksKeys(account=code[:200])


def parameter_of(funds: Funds) -> list[str] | None:
    """Return a scope as a parameter of a statement."""
    return None if funds is None else list(funds)
