"""Every door into the building, on one page."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("config.api")),
    path("", include("config.portal")),
]
