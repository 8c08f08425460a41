from django.apps import AppConfig


class VotingConfig(AppConfig):
    """Accounts, and what readers say."""

    name = "voting"
    verbose_name = "Readers"
