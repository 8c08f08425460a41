"""The mails about a subscription itself. They hold nothing that anybody typed, and say the same to everyone."""

from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import wrap

from newsletter import tokens
from newsletter.models import Subscriber

COLUMNS = 72  # of plain text; an address in it stays whole


def confirm(email: str, secret: str) -> None:
    link = reverse("newsletter_confirm", args=[secret])
    _send(email, f"Confirm: {settings.NEWSLETTER_NAME}", "confirm", link)


def confirm_following(email: str, secret: str) -> None:
    link = reverse("newsletter_confirm", args=[secret])
    _send(email, f"Follow tools: {settings.NEWSLETTER_NAME}", "follow", link)


def subscribed_already(subscriber: Subscriber) -> None:
    token = tokens.preferences_token(subscriber.public_id, 0, subscriber.token_version)
    _send(
        subscriber.email,
        f"You already read {settings.NEWSLETTER_NAME}",
        "already",
        reverse("newsletter_preferences", args=[token]),
    )


def confirm_erasure(email: str, secret: str) -> None:
    _send(email, f"Delete my data: {settings.NEWSLETTER_NAME}", "erase", reverse("newsletter_erase", args=[secret]))


def confirm_export(email: str, secret: str) -> None:
    _send(email, f"Download my data: {settings.NEWSLETTER_NAME}", "export", reverse("newsletter_export", args=[secret]))


def release(email: str, secret: str) -> None:
    link = reverse("newsletter_move", args=[secret])
    _send(email, f"Another address: {settings.NEWSLETTER_NAME}", "release", link)


def take_over(email: str, secret: str) -> None:
    link = reverse("newsletter_move", args=[secret])
    _send(email, f"This address: {settings.NEWSLETTER_NAME}", "take_over", link)


def _send(email: str, subject: str, name: str, path: str) -> None:
    values = {
        "link": f"{settings.SITE_URL}{path}",
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "contact": settings.SITE_CONTACT,
        "name": settings.NEWSLETTER_NAME,
        "subject": subject,
    }
    mail = EmailMultiAlternatives(
        subject,
        wrap(render_to_string(f"newsletter/mail/{name}.txt", values), COLUMNS),
        to=[email],
        headers={
            "Message-ID": make_msgid(domain=settings.NEWSLETTER_HOST),  # the site's name, not the machine's
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    mail.attach_alternative(render_to_string(f"newsletter/mail/{name}.html", values), "text/html")
    mail.send()
