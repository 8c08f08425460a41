"""The front door of the API, and its description."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from config.api.document import document
from tools.api.views import DetailView, ReadView, Representation


class RootRepresentation(Representation):
    """Where everything is."""

    ALWAYS = ()

    site = serializers.CharField()
    version = serializers.CharField()
    documentation = serializers.CharField()
    resources = serializers.DictField(child=serializers.CharField(), help_text="Addresses by name.")


class RootView(DetailView):
    """The resources there are."""

    name, tag = "root_read", "root"
    representation = RootRepresentation

    def found(self) -> dict[str, Any]:
        from config.api.urls import urlpatterns

        lists = [pattern for pattern in urlpatterns if "<" not in str(pattern.pattern) and str(pattern.pattern)]
        return {
            "site": settings.SITE_NAME,
            "version": settings.SPECTACULAR_SETTINGS["VERSION"],
            "documentation": settings.SITE_URL + reverse("api_docs"),
            "resources": {str(it.pattern).rstrip("/"): settings.SITE_URL + reverse(it.name) for it in lists},
        }


@extend_schema(exclude=True)
class SchemaView(ReadView):
    """The OpenAPI document, the very file that is kept with the code."""

    name, tag = "schema_read", "schema"
    representation = RootRepresentation

    def answer(self, request: Request) -> HttpResponseBase:
        return HttpResponse(document(), content_type="application/vnd.oai.openapi; charset=utf-8")
