"""Figures as the site prints them, from the one module that makes them."""

from rest_framework import serializers

from tools.api.views import Representation

KINDS = [
    ("none", "No votes"),
    ("few", "Too few for a percent"),
    ("waiting", "Waiting for readers with history"),
    ("shown", "Enough"),
]


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

    kind = serializers.ChoiceField(KINDS, help_text="Whether there is enough for a percent.")
    ships = serializers.IntegerField()
    skips = serializers.IntegerField()
    total = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True)
    low = serializers.IntegerField(allow_null=True, help_text="Lower end of the 95 % interval, whole percent.")
    high = serializers.IntegerField(allow_null=True)
    lean = serializers.CharField(help_text="`ship`, `skip` or `split`, where the interval says so; else empty.")
    figure = serializers.CharField()
    words = serializers.CharField()
    verified_ships = serializers.IntegerField(help_text="Of readers with a confirmed e-mail address.")
    verified_skips = serializers.IntegerField()
    verified_percent = serializers.IntegerField(allow_null=True)
    verified_words = serializers.CharField()
    era_words = serializers.CharField(
        help_text="Which votes it is about, where the tool has changed since some of them."
    )
    checking_words = serializers.CharField(help_text="How many votes wait for a check; empty for none.")
