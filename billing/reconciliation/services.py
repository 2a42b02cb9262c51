"""Running the reconciliation of a programme's period.

A run is a pure function of the facts sealed up to its cut-off and of the programme's parameters: the same inputs
give the same manifest digest, whoever runs it and whenever. It proposes; it moves no money.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import rfc8785
from django.db import connection, transaction
from django.db.models import Max

from billing.rating.rules import Amounts, Row, amounts_of_line
from billing.reconciliation.errors import CutOffUnknown, RunSettled, RunTooEarly
from billing.reconciliation.models import Adjudication, Adjustment, Run, StatementLine
from ledger import clock, ids, periods
from ledger.books.selectors import balances_of
from ledger.log import services as log
from ledger.log.models import Leaf
from ledger.log.proofs import require_witnesses
from ledger.periods import Period
from ledger.sql import load
from vouchers.centres.models import Price
from vouchers.orders.models import Order
from vouchers.people.actors import Actor
from vouchers.programmes.models import Programme
from vouchers.programmes.rules import Policy
from vouchers.programmes.selectors import policy_in_force, programme_run_by

ROOM = "billing.reconciliation"
ENGINE = "quanbu/run/1"
FINAL_RUNS = frozenset({"RF"})
"""Runs that rest on a history which the required witnesses saw."""


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One line of a run before it is stored."""

    order: Order
    amounts: Amounts


def line_code(order: Order, period: str) -> str:
    """Return a statement line's code: it is the line's key in the books, and unique everywhere."""
    return f"{order.code}:{period}"


@transaction.atomic
def propose(*, programme: str, period: str, kind: str, cut_off: int | None, actor: Actor) -> Run:
    """Run the reconciliation of one period on the facts up to a cut-off and store what it found.

    `cut_off` is a position of the log; None means the last usage file sealed. Refuses: ActNotPermitted, NotFound,
    PeriodMalformed, CycleMismatch, RunUnknown, RunTooEarly, CutOffUnknown, RunSettled; CutOffNotWitnessed, of a final
    run.
    Locks: other runs of the same programme, period and kind. Repeats: the same inputs return the run that stands.
    """
    actor.require("run.propose")
    scheme = programme_run_by(actor, programme)
    if scheme.department_id not in actor.organisations_for("run.propose"):
        actor.require("run.propose", organisation_id=scheme.operator_id)
    version, policy = policy_in_force(scheme)
    span = periods.parse(period)
    policy.check_cycle(span, scheme.code)
    _check_date(policy, span, kind, scheme)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"run:{scheme.code}:{span.name}:{kind}"]
        )
    position = _position(cut_off)
    if kind in FINAL_RUNS:
        require_witnesses(position)
    seen = _look(scheme, policy, span, position)
    lines = [ProposedLine(order, amounts) for order, amounts in _lines(scheme, policy, span.name)]
    manifest: dict[str, Any] = {
        "engine": ENGINE,
        "programme": scheme.code,
        "period": span.name,
        "run": kind,
        "inputs": {"facts": seen["facts"]},
        "policy": {"version": version.version, "sha256": policy.digest.hex()},
        "outputs": {
            "parts": seen["parts"],
            "lines": _digest_of(lines, span.name),
            "findings": seen["findings"],
            "scope": seen["scope"],
        },
    }
    digest = hashlib.sha256(rfc8785.dumps(manifest)).hexdigest()
    standing = Run.objects.filter(programme=scheme, period=span.name, kind=kind)
    same = standing.filter(manifest_digest=digest).first()
    if same is not None:
        return same
    if standing.filter(statements__isnull=False).exists():
        later = list(policy.runs)[list(policy.runs).index(kind) + 1 :]
        raise RunSettled(run=kind, period=span.name, runs=", ".join(later) or "a decision after the final run")
    run = Run.objects.create(
        id=ids.new("run"),
        programme=scheme,
        version=version,
        period=span.name,
        kind=kind,
        number=standing.count() + 1,
        cut_off=position,
        manifest=manifest,
        manifest_digest=digest,
        proposer=actor.login,
        recorded_at_ms=clock.now_ms(),
    )
    _store(run, lines)
    log.record(kind="run.finished", subject=run.id, digest=bytes.fromhex(digest))
    return run


def _check_date(policy: Policy, span: Period, kind: str, scheme: Programme) -> None:
    run_date = policy.run_date(kind, span, scheme.code)
    today = clock.day_of(clock.now_ms(), policy.time_zone)
    if today < run_date:
        raise RunTooEarly(run=kind, period=span.name, run_date=run_date, today=today)


def _position(cut_off: int | None) -> int:
    """Return the cut-off as a position. Later records that are no usage files do not move the default."""
    if cut_off is None:
        received = Leaf.objects.filter(record__kind="usage_file.received")
        return received.aggregate(last=Max("position"))["last"] or 0
    last = Leaf.objects.aggregate(last=Max("position"))["last"] or 0
    if not 0 <= cut_off <= last:
        raise CutOffUnknown(cut_off=cut_off, last=last)
    return cut_off


def _look(scheme: Programme, policy: Policy, span: Period, position: int) -> dict[str, Any]:
    """Gather facts, match, cut and find, all in temporary tables; return the digests and counts of what was seen."""
    starts_at_ms, ends_at_ms = span.bounds_ms(policy.time_zone)
    parameters: dict[str, Any] = {
        "programme_id": scheme.id,
        "cut_off": position,
        "starts_at_ms": starts_at_ms,
        "ends_at_ms": ends_at_ms,
        "currency": policy.currency,
        "domains": policy.evidence_domains,
        "billable_states": policy.billable_states,
    }
    with connection.cursor() as cursor:
        for statement in ("create_run_staging", "gather_facts", "match_exactly", "cut_parts", "find_differences"):
            cursor.execute(load(ROOM, statement), parameters)
        seen: dict[str, Any] = {}
        for name, statement in (("facts", "digest_facts"), ("parts", "digest_parts")):
            cursor.execute(load(ROOM, statement))
            count, digest = cursor.fetchone()
            seen[name] = {"count": count, "sha256": digest}
        cursor.execute(load(ROOM, "count_scope"), parameters)
        claims, on_lines, of_other_accounts = cursor.fetchone()
        seen["scope"] = {"claims": claims, "on_lines": on_lines, "of_other_accounts": of_other_accounts}
        cursor.execute("SELECT code, count(*), sum(quantity_ms) FROM run_finding GROUP BY code ORDER BY code")
        seen["findings"] = {code: {"count": n, "quantity_ms": int(ms)} for code, n, ms in cursor.fetchall()}
    return seen


def _lines(scheme: Programme, policy: Policy, period: str) -> Iterable[tuple[Order, Amounts]]:
    """Turn the run's device time into money, line by line, in the order of their codes."""
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "rate_lines"))
        rated = cursor.fetchall()
    prices = Price.objects.select_related("device_class").in_bulk({price for _, price, *_ in rated})
    orders = Order.objects.select_related("voucher", "cluster_account__cluster").in_bulk({order for order, *_ in rated})
    room = _room_of(scheme, orders.values(), period)
    by_order: dict[int, list[Row]] = {}
    for (order_id, price_id), group in groupby(rated, key=lambda row: (row[0], row[1])):
        price, allowed_ms, cut_ms = prices[price_id], 0, dict[str, int]()
        for _, _, allowed, code, cut in group:
            allowed_ms += allowed
            if cut:
                cut_ms[code] = cut
        row = Row(price.price_list, price.device_class.code, price.minor_per_hour, allowed_ms, cut_ms)
        by_order.setdefault(order_id, []).append(row)
    for order in sorted(orders.values(), key=lambda order: order.code):
        yield (
            order,
            amounts_of_line(by_order[order.id], rate_bps=policy.subsidy_rate_bps, held_minor=room[order.id]),
        )


def _room_of(scheme: Programme, orders: Iterable[Order], period: str) -> dict[int, int]:
    """Return the value that a line of each order may use: what is still held, and what this very line took before."""
    held = {order.id: f"B.Held[{scheme.code},{order.voucher.code},{order.code}]" for order in orders}
    taken = {order.id: f"K.Subsidy[{scheme.code},{line_code(order, period)}]" for order in orders}
    balances = balances_of([*held.values(), *taken.values()])
    return {order: balances[held[order]] + balances[taken[order]] for order in held}


def _digest_of(lines: list[ProposedLine], period: str) -> dict[str, Any]:
    """Say what the lines come to over natural keys only, so that two machines agree on the digest."""
    told = [{"line": line_code(line.order, period)} | asdict(line.amounts) for line in lines]
    return {"count": len(told), "sha256": hashlib.sha256(rfc8785.dumps(told)).hexdigest()}


def _store(run: Run, lines: list[ProposedLine]) -> None:
    """Store the lines, their adjudications and adjustments, and the rows, links and findings behind them."""
    StatementLine.objects.bulk_create(
        [
            StatementLine(
                code=line_code(line.order, run.period),
                programme=run.programme,
                period=run.period,
                order=line.order,
                payee_id=line.order.cluster_account.cluster.centre_id,
                beneficiary_id=line.order.voucher.holder_id,
            )
            for line in lines
        ],
        ignore_conflicts=True,
    )
    line_ids = dict(
        StatementLine.objects.filter(programme=run.programme, period=run.period).values_list("order_id", "id")
    )
    adjudications = Adjudication.objects.bulk_create(
        [
            Adjudication(
                run=run,
                line_id=line_ids[line.order.id],
                claimed_ms=line.amounts.claimed_ms,
                allowed_ms=line.amounts.allowed_ms,
                claimed_minor=line.amounts.claimed_minor,
                allowed_minor=line.amounts.allowed_minor,
                subsidy_minor=line.amounts.subsidy_minor,
                enterprise_minor=line.amounts.enterprise_minor,
                explanation=line.amounts.explanation,
            )
            for line in lines
        ]
    )
    Adjustment.objects.bulk_create(
        [
            Adjustment(
                adjudication=adjudication,
                code=cut.code,
                bearer=cut.bearer,
                quantity_ms=cut.quantity_ms,
                amount_minor=cut.amount_minor,
            )
            for adjudication, line in zip(adjudications, lines, strict=True)
            for cut in line.amounts.cuts
        ]
    )
    with connection.cursor() as cursor:
        for statement in ("store_parts", "store_links", "store_findings"):
            cursor.execute(load(ROOM, statement), {"run_id": run.id, "period": run.period})
