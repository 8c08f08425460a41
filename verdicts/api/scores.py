"""Figures as the site prints them, from the one module that makes them."""

from rest_framework import serializers

from tools.api.views import Representation


class PanelRepresentation(Representation):
    """What the panel says: the whole panel, so there is no interval."""

    ALWAYS = ()

    ships = serializers.IntegerField()
    skips = serializers.IntegerField()
    total = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True, help_text="Null below the quorum.")
    figure = serializers.CharField(help_text="The big figure of the site's pages.")
    words = serializers.CharField()


class CommunityRepresentation(Representation):
    """What readers say: a sample, so it comes with an interval, and without a percent while it is small."""

    ALWAYS = ()

    kind = serializers.ChoiceField([("none", "No votes"), ("few", "Too few for a percent"), ("shown", "Enough")])
    ships = serializers.IntegerField()
    skips = serializers.IntegerField()
    total = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True)
    low = serializers.IntegerField(allow_null=True, help_text="Lower end of the 95 % interval, whole percent.")
    high = serializers.IntegerField(allow_null=True)
    figure = serializers.CharField()
    words = serializers.CharField()
