"""The machines' face, `/api/v1/`: every address of every floor, and the schema that is published of them.

`docs/reference/api.md` says how to speak to it; `docs/reference/openapi.json` is what `openapi_text` writes.
"""

from __future__ import annotations

import json
from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ledger.errors import NotFound
from vouchers.api.base import Endpoint


@extend_schema(exclude=True)
class Nowhere(Endpoint):
    """Every other address below /api/v1/, so that a mistyped one is answered with a problem document too."""

    def get(self, request: Request, **_: Any) -> Response:
        """Refuse: NotFound."""
        raise NotFound(kind="address", name=request.path)

    post = get


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("vouchers.api.urls")),
    path("", include("billing.api.urls")),
    path("<path:address>", Nowhere.as_view()),
]


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the API, in English; the same code gives the same document."""
    with translation.override("en"):
        schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        document: dict[str, Any] = json.loads(OpenApiJsonRenderer().render(schema, renderer_context={}))
    return document


def openapi_text() -> str:
    """Return the document as `docs/reference/openapi.json` holds it."""
    return json.dumps(openapi_document(), ensure_ascii=False, indent=2) + "\n"
