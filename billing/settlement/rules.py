"""The rows of a redemption: from what the books hold of a line to what was approved. Pure.

What is posted is the approved state less the booked state, as one-row transfers that the template REDEEM lists.
Source: the posting templates; cumulative amounts are differenced, and so are the shares of the funding levels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from billing.settlement.errors import DeltaNegative
from ledger.books.services import Row
from ledger.units import split_by_shares


@dataclass(frozen=True, slots=True)
class Decision:
    """An approved line: its keys in the books, its totals, and its cuts as (code, bearer, ms, minor)."""

    line: str
    fund: str
    payee: str
    voucher: str
    order: str
    currency: str
    time_asset: str
    budget_year: int
    claimed_minor: int
    subsidy_minor: int
    enterprise_minor: int
    claimed_ms: int
    allowed_ms: int
    cuts: tuple[tuple[str, str, int, int], ...]

    def targets(self, kind: str) -> dict[str, int]:
        """Return what each K or Q account of the line must hold, claim first."""
        fund, line = self.fund, self.line
        in_money = kind == "K"
        targets = {f"{kind}.Claimed[{fund},{line}]": self.claimed_minor if in_money else self.claimed_ms}
        if in_money:
            enterprise_cuts = sum(minor for _, bearer, _, minor in self.cuts if bearer == "enterprise")
            targets[f"K.Subsidy[{fund},{line}]"] = self.subsidy_minor
            targets[f"K.EnterpriseDue[{fund},{line},OWN]"] = self.enterprise_minor - enterprise_cuts
        else:
            targets[f"Q.Allowed[{fund},{line}]"] = self.allowed_ms
        homes = {"held": "Held", "centre": "CentreBears", "enterprise": "EnterpriseDue"}
        for code, bearer, quantity_ms, amount_minor in self.cuts:
            if in_money or bearer != "enterprise":
                targets[f"{kind}.{homes[bearer]}[{fund},{line},{code}]"] = amount_minor if in_money else quantity_ms
        return targets


def redemption_rows(
    decision: Decision, *, booked: Mapping[str, int], funding: Mapping[str, int], borne_before_minor: int
) -> list[Row]:
    """Return the transfers of one redemption, in the order of the template; none when nothing changed.

    `booked` holds the present balances of the line's K and Q accounts, `borne_before_minor` what the fund's levels bear
    so far, net of what was taken back: a level's share is the difference of two cumulative shares.
    Refuses: DeltaNegative.
    """
    rows = [*_moves(decision, "K", booked, decision.currency), *_moves(decision, "Q", booked, decision.time_asset)]
    fund, currency = decision.fund, decision.currency
    subsidy = decision.subsidy_minor - booked.get(f"K.Subsidy[{fund},{decision.line}]", 0)
    if subsidy:
        held = f"B.Held[{fund},{decision.voucher},{decision.order}]"
        rows.append(Row(held, f"B.Redeemed[{fund},{decision.voucher}]", subsidy, currency))
        payable = f"M.Payable[{fund},{decision.payee},{decision.line}]"
        rows.append(Row(f"M.Expense[{fund},{decision.budget_year}]", payable, subsidy, currency))
        before = split_by_shares(borne_before_minor, funding)
        after = split_by_shares(borne_before_minor + subsidy, funding)
        for level in funding:
            current, financing = f"M.LevelCurrent[{fund},{level}]", f"M.Financing[{fund},{level}]"
            share = after[level] - before[level]
            if share > 0:
                rows.append(Row(current, financing, share, currency))
            elif share < 0:
                rows.append(Row(financing, current, -share, currency))
    return rows


def _moves(decision: Decision, kind: str, booked: Mapping[str, int], asset: str) -> Iterator[Row]:
    """Pair what grew with what the claim gained and what is no longer held, in a fixed order."""
    targets = decision.targets(kind)
    gone = {account: 0 for account in booked if account.startswith(f"{kind}.") and account not in targets}
    claim = f"{kind}.Claimed[{decision.fund},{decision.line}]"
    sources: list[list[str | int]] = []
    sinks: list[tuple[str, int]] = []
    for account, target in (targets | gone).items():
        change = target - booked.get(account, 0)
        if account == claim and change >= 0:
            sources.insert(0, [account, change])
        elif account.startswith(f"{kind}.Held[") and change < 0:
            sources.append([account, -change])
        elif change < 0:
            raise DeltaNegative(line=decision.line, account=account, booked=booked[account], target=target)
        elif change > 0:
            sinks.append((account, change))
    for account, wanted in sinks:
        left = wanted
        for source in sources:
            name, available = str(source[0]), int(source[1])
            if not left or not available:
                continue
            moved = min(left, available)
            yield Row(name, account, moved, asset)
            source[1] = available - moved
            left -= moved
        assert left == 0, "claimed is the sum of its parts"
