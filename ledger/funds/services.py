"""Declaring the shares of a fund."""

from __future__ import annotations

import json
from collections.abc import Mapping

import psycopg.errors
from django.db import DatabaseError, connection, transaction

from ledger import clock
from ledger.funds.errors import BY_CODE, FundKeepsItsShares
from ledger.funds.models import PaymentsFollow


def declare_shares(*, fund: str, shares: Mapping[str, int], payments_follow: str = PaymentsFollow.AT_ONCE) -> bool:
    """Say which levels bear a fund and in which shares, in the order of the mapping; return whether that was new.

    Refuses: the facts of `ledger.funds.errors`; nothing is written then. Locks: the fund's code, to the end of the
    caller's transaction. Repeats: the same rule changes nothing; another one, or another order, is FundKeepsItsShares.
    """
    levels, weights = list(shares), list(shares.values())
    try:
        # A savepoint, so that a caller may hear a refusal and go on in its own transaction.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_declare_shares_v1(%s, %s, %s::text[], %s::bigint[], %s)",
                [fund, payments_follow, levels, weights, clock.now_ms()],
            )
            return bool(cursor.fetchone()[0])
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.errors.CheckViolation) and cause.diag.constraint_name in BY_CODE:
            refusal = BY_CODE[cause.diag.constraint_name]
            # The tables' own constraints say no more than their names; only the function compares two rules.
            told = json.loads(cause.diag.message_detail or "{}") if refusal is FundKeepsItsShares else {"fund": fund}
            raise refusal(**told) from error
        raise
