"""What every endpoint does: know who asks, show only what they may see, answer the same for foreign and unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.db import DataError
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from ledger.api.acts import check_size
from ledger.api.filters import ByCode, check_names
from ledger.errors import NotFound
from vouchers.people.actors import Actor, actor_of
from vouchers.people.models import User

Row = TypeVar("Row", bound=Model)


class Endpoint(APIView):
    """An endpoint that acts for the person who is signed in."""

    metadata_class = None  # OPTIONS would tell what docs/reference/openapi.json says, in a second way
    acts = True
    """Whether a request to write is to do something. A dry run says no, and what it is refused for is not kept."""
    asker = ""
    """The login of the person who signed in, once that is known. A request may be refused before."""
    about: Mapping[str, object] = {}
    """What the request is about, by codes, beside those of its address. Kept with what it is refused for."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look at the stated size before anything reads the body: authentication by session already does."""
        check_size(request)
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate; a login that no text of the database can be is a wrong one."""
        try:
            super().perform_authentication(request)
        except DataError:
            raise exceptions.AuthenticationFailed from None
        self.asker = request.user.get_username()

    def get_authenticate_header(self, request: Request) -> str:
        """Name the way in for machines, so that nobody signed in is 401 and not 403 (sessions name none)."""
        named = (authenticator.authenticate_header(request) for authenticator in self.get_authenticators())
        return next((header for header in named if header), "")

    @cached_property
    def actor(self) -> Actor:
        """Return the person on whose behalf the request acts."""
        assert isinstance(self.request.user, User), "only a person who signed in gets here"
        return actor_of(self.request.user)


class VisibleOnly(GenericViewSet[Row], Endpoint):
    """A read-only collection: a list in pages, filtered, and its members by code.

    Subclasses give `kind` (the word in a 404), `queryset` (empty: it names the model to the schema), `visible_to` and a
    serializer for members; `list_serializer` where a list says less.
    """

    kind: ClassVar[str]
    filterset_class: ClassVar[type[ByCode]]
    lookup_field = "code"
    list_serializer: ClassVar[type[Any] | None] = None
    visible_to: Callable[[Actor], QuerySet[Row]]
    """Returns the rows that an actor may see, by the selector of their room."""

    def get_queryset(self) -> QuerySet[Row]:
        """Return what the person may see."""
        return self.visible_to(self.actor)

    def get_serializer_class(self) -> type[Any]:
        """Return the serializer of a list or of a member."""
        return (
            self.list_serializer if self.action == "list" and self.list_serializer else super().get_serializer_class()
        )

    def get_object(self) -> Row:
        """Return one row. Refuses: NotFound, the same whether it is foreign or unknown."""
        name = self.kwargs[self.lookup_field]
        row = self.get_queryset().filter(**{self.lookup_field: name}).first()
        if row is None:
            raise NotFound(kind=self.kind, name=name)
        return row

    def filter_queryset(self, queryset: Any) -> Any:
        """Narrow the list; a mistyped filter is refused, because leaving it out would show what nobody asked for."""
        check_names(self.request.query_params, {*self.filterset_class.base_filters, "cursor", "format"})
        return super().filter_queryset(queryset)

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        """Cut the page that the cursor names; a cursor that we never gave is one that does not exist."""
        nowhere = exceptions.NotFound("There is no such page.")
        try:
            page = super().paginate_queryset(queryset)
        except (ValueError, DataError):
            raise nowhere from None
        assert isinstance(self.paginator, CursorPagination)
        read = self.paginator.cursor
        if self.request.query_params.get("cursor") and (read is None or read.position is None):
            raise nowhere  # it says no place, and would lead back to the first page
        return page

    def document_of(self, row: Row) -> Any:
        """Return the JSON document of one member."""
        return self.get_serializer(row).data

    def list(self, _request: Request, **_: Any) -> Response:
        """Return one page of what the person may see."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        assert page is not None
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, _request: Request, **_: Any) -> Response:
        """Return one member."""
        return Response(self.document_of(self.get_object()))
