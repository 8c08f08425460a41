"""How the figures are made, from the constants that make them."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from rest_framework import serializers

from tools.api.views import DetailView, Representation
from verdicts import scoring
from verdicts.methodology import CHANGELOG, constants


class MethodChangeRepresentation(Representation):
    """One edition of the method."""

    ALWAYS = ()

    version = serializers.CharField()
    on = serializers.DateField()
    text = serializers.CharField()


class MethodologyRepresentation(Representation):
    """The method by its version, and its numbers by name."""

    ALWAYS = ()

    version = serializers.CharField()
    constants = serializers.DictField(child=serializers.FloatField())
    changelog = MethodChangeRepresentation(many=True)
    page_url = serializers.CharField()


class MethodologyView(DetailView):
    """What the site computes with."""

    name, tag = "methodology_read", "methodology"
    representation = MethodologyRepresentation

    def found(self) -> dict[str, Any]:
        editions = [{"version": it.version, "on": it.on, "text": it.text} for it in CHANGELOG]
        return {
            "version": scoring.METHOD_VERSION,
            "constants": constants(),
            "changelog": editions,
            "page_url": settings.SITE_URL + reverse("methodology"),
        }
