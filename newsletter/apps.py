from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    """The weekly mail."""

    name = "newsletter"
    verbose_name = "Newsletter"
