from django.apps import AppConfig


class VerdictsConfig(AppConfig):
    """What the panel says, and the pages."""

    name = "verdicts"
    verbose_name = "Panel"
