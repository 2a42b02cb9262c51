"""The books, for whom the permissions let read them: accounts, statements, entries, and what adds up over them.

Each endpoint asks the same selectors as the pages of the books do, for the funds that the person may read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from ledger import clock
from ledger.api import pages
from ledger.api.answers import answers
from ledger.api.filters import AccountFilter, EntryFilter, RowFilter, ScopedFilters
from ledger.api.questions import (
    AsOfQuestion,
    NoQuestion,
    OpenItemsQuestion,
    RollForwardQuestion,
    StatementQuestion,
    TrialBalanceQuestion,
    asked_of,
)
from ledger.api.serializers import (
    AccountAsOfSerializer,
    AccountSerializer,
    EntrySerializer,
    EntryWithRowsSerializer,
    OpenItemsSerializer,
    RollForwardSerializer,
    RowSerializer,
    StatementOfAccountSerializer,
    TrialBalanceSerializer,
)
from ledger.books.open_items import open_items
from ledger.books.questions import LAST_MS, ZONE, Funds, day_named, funds_among
from ledger.books.roll_forward import roll_forward
from ledger.books.selectors import balance_at
from ledger.books.statements import (
    Leg,
    account_of,
    accounts_in,
    entries_in,
    entry_of,
    place_named,
    rows_of,
    statement_of,
)
from ledger.books.trial_balance import trial_balance, trial_balance_at
from ledger.models import Account, Entry, Transfer
from vouchers.api.base import Endpoint, Row, VisibleOnly
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import funds_read_by

CODE = OpenApiParameter(
    "code",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The account's code, such as `B.Available[QC26,V-hexi]`; its brackets and commas may be encoded.",
)
ENTRY = OpenApiParameter("id", OpenApiTypes.INT64, OpenApiParameter.PATH)


class OfBooks(Endpoint):
    """An endpoint of the books."""

    @cached_property
    def funds(self) -> Funds:
        """Return the funds whose books the person may read. Refuses: ActNotPermitted."""
        return funds_read_by(self.actor)


class InBooks(VisibleOnly[Row], OfBooks):
    """A collection of the books."""

    filter_backends = [ScopedFilters]


def as_of(asked: dict[str, Any]) -> tuple[str, dict[str, int]] | None:
    """Return the axis of time that is asked for, with the instant as the selectors take it; None is now."""
    for axis in ("recorded", "happened"):
        if asked[f"{axis}_at"] is not None:
            return axis, {f"{axis}_ms": asked[f"{axis}_at"]}
    return None


@extend_schema_view(
    list=extend_schema(responses=answers({200: AccountSerializer(many=True)}, 400, 403, 404, 422)),
    retrieve=extend_schema(
        parameters=[CODE, AsOfQuestion], responses=answers({200: AccountAsOfSerializer}, 400, 403, 404)
    ),
)
class Accounts(InBooks[Account]):
    """Accounts with what they hold now; a member also with what it held at an instant, if one is asked for."""

    kind = "account"
    queryset = Account.objects.none()
    serializer_class = AccountAsOfSerializer
    list_serializer = AccountSerializer
    filterset_class = AccountFilter

    def visible_to(self, _actor: Actor) -> QuerySet[Account]:
        """Return the accounts of the funds that the person may read."""
        return accounts_in(self.funds)

    def document_of(self, row: Account) -> Any:
        """Return the account, as of the instant that is asked for too."""
        told, asked = None, as_of(asked_of(self.request, AsOfQuestion))
        if asked:
            axis, instant = asked
            (instant_ms,) = instant.values()
            told = {"axis": axis, "instant_ms": instant_ms, "balance": balance_at(row.code, **instant)}
        return AccountAsOfSerializer(row, context={"as_of": told}).data


class Statement(OfBooks):
    """The statement of one account."""

    @extend_schema(
        parameters=[CODE, StatementQuestion],
        responses=answers({200: StatementOfAccountSerializer}, 400, 403, 404, 422),
    )
    def get(self, request: Request, code: str) -> Response:
        """Show what moved on an account, newest first, with the balance after each transfer."""
        account = account_of(self.funds, code)
        asked = asked_of(request, StatementQuestion)
        legs = statement_of(
            account,
            how_many=pages.size() + 1,
            older_than=place_named(asked["cursor"]) if asked["cursor"] else None,
            from_ms=asked["recorded_from"] or 0,
            to_ms=LAST_MS if asked["recorded_to"] is None else asked["recorded_to"],
        )
        page = pages.page_of(request, legs, place_of_leg)
        told = {"account": account.code, "asset": account.book.asset, "normal_side": account.normal_side}
        return Response(StatementOfAccountSerializer(told | {"next": page.next, "results": page.results}).data)


def place_of_leg(leg: Leg) -> str:
    """Write where a leg stands."""
    return str(leg.place)


@extend_schema_view(
    list=extend_schema(responses=answers({200: EntrySerializer(many=True)}, 400, 403, 404, 422)),
    retrieve=extend_schema(parameters=[ENTRY], responses=answers({200: EntryWithRowsSerializer}, 400, 403, 404)),
)
class Entries(InBooks[Entry]):
    """Entries with their numbers; a member with its first hundred rows in the books that the person may read."""

    kind = "entry"
    queryset = Entry.objects.none()
    lookup_field = "id"
    serializer_class = EntryWithRowsSerializer
    list_serializer = EntrySerializer
    filterset_class = EntryFilter

    def visible_to(self, _actor: Actor) -> QuerySet[Entry]:
        """Return the entries that touch a book of the funds that the person may read."""
        return entries_in(self.funds)

    def document_of(self, row: Entry) -> Any:
        """Return the entry with as many rows as a page has."""
        asked_of(self.request, NoQuestion)
        rows = list(rows_of(row, self.funds)[: pages.size() + 1])
        return EntryWithRowsSerializer(row, context={"rows": rows, "how_many": pages.size()}).data


@extend_schema_view(
    list=extend_schema(parameters=[ENTRY], responses=answers({200: RowSerializer(many=True)}, 400, 403, 404))
)
class EntryRows(InBooks[Transfer]):
    """All rows of an entry in the books that the person may read, in their order."""

    kind = "row"
    queryset = Transfer.objects.none()
    serializer_class = RowSerializer
    filterset_class = RowFilter
    pagination_class = pages.InOrder

    def visible_to(self, _actor: Actor) -> QuerySet[Transfer]:
        """Return the rows of one entry. Refuses: NotFound, for one that the person may not read."""
        return rows_of(entry_of(self.funds, self.kwargs["id"]), self.funds)


class TrialBalance(OfBooks):
    """The trial balance."""

    @extend_schema(parameters=[TrialBalanceQuestion], responses=answers({200: TrialBalanceSerializer}, 400, 403, 404))
    def get(self, request: Request) -> Response:
        """Show each book's account types, now or as of an instant; both sides of a book are equal."""
        funds = self.funds
        asked = asked_of(request, TrialBalanceQuestion)
        scope, asked_for = funds_among(funds, asked["fund"]), as_of(asked)
        if asked_for is None:
            return Response(TrialBalanceSerializer({"as_of": None, "results": trial_balance(scope)}).data)
        axis, instant = asked_for
        (instant_ms,) = instant.values()
        told = {"as_of": {"axis": axis, "instant_ms": instant_ms}, "results": trial_balance_at(scope, **instant)}
        return Response(TrialBalanceSerializer(told).data)


class OpenItems(OfBooks):
    """Open items."""

    @extend_schema(parameters=[OpenItemsQuestion], responses=answers({200: OpenItemsSerializer}, 400, 403, 404, 422))
    def get(self, request: Request) -> Response:
        """List the clearing accounts that are not zero: what is due first before the rest, and the oldest first."""
        funds = self.funds
        asked = asked_of(request, OpenItemsQuestion)
        types = [asked["type"]] if asked["type"] else []
        items = open_items(funds, fund=asked["fund"], types=types, key=asked["key"])
        page = pages.page_of(request, pages.items_after(items, asked["cursor"]), pages.place_of)
        return Response(OpenItemsSerializer(page).data)


class RollForward(OfBooks):
    """The roll-forward of a group of accounts."""

    @extend_schema(
        parameters=[RollForwardQuestion], responses=answers({200: RollForwardSerializer}, 400, 403, 404, 422)
    )
    def get(self, request: Request) -> Response:
        """Lead a group of accounts from opening to closing by kind of entry, by kind of book and asset."""
        funds = self.funds
        asked = asked_of(request, RollForwardQuestion)
        today = clock.day_of(clock.now_ms(), ZONE)
        first = day_named(asked["from"]) if asked["from"] else today.replace(day=1)
        last = day_named(asked["to"]) if asked["to"] else today
        groups = roll_forward(
            funds,
            from_day=first,
            to_day=last + timedelta(days=1),
            fund=asked["fund"],
            kinds=asked["kind"],
            types=[asked["type"]] if asked["type"] else [],
            key=asked["key"],
        )
        return Response(RollForwardSerializer({"from": first, "to": last, "results": groups}).data)
