from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    """The weekly mail."""

    name = "newsletter"
    verbose_name = "Newsletter"

    def ready(self) -> None:
        from anymail.signals import tracking

        from newsletter.hooks import receive

        tracking.connect(receive, dispatch_uid="newsletter")
