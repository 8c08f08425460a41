"""What the OpenAPI document is about: the addresses of version 1, nothing else of the site."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("config.api.urls"))]
