"""The people's face: every address of it, and the scope under which the books are read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.i18n import set_language

from ledger.portal.urls import BooksView
from ledger.portal.urls import patterns as books_patterns
from vouchers.people.actors import Actor
from vouchers.portal.access import signed_in
from vouchers.programmes.selectors import funds_read_by

admin.site.site_header = admin.site.site_title = "Quanbu"


def reader_of_books(view: BooksView) -> Callable[..., HttpResponseBase]:
    """Give a page of the books the funds that the signed-in person may read. Refuses: ActNotPermitted."""

    @signed_in
    @wraps(view)
    def scoped(request: HttpRequest, actor: Actor, /, **which: Any) -> HttpResponseBase:
        return view(request, funds_read_by(actor), **which)

    return scoped


urlpatterns = [
    path("sign-in/", LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("language/", set_language, name="set_language"),
    path("engine-room/", admin.site.urls),
    path("books/", include(books_patterns(reader_of_books))),
    path("", include("vouchers.portal.urls")),
    path("", include("billing.portal.urls")),
]
