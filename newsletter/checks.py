"""What has to be set before a weekly mail may leave this machine."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from newsletter.transports import is_real

HINT = "See “The weekly mail” in README.md."


def problems() -> list[str]:
    """Return why no issue may be sent, in words; empty when nothing stands in the way, or no mail leaves this machine."""
    return [words for _, words in found()] if is_real() else []


def found() -> list[tuple[str, str]]:
    wrong = []
    if not settings.NEWSLETTER_POSTAL_ADDRESS:
        wrong.append(("E001", "NEWSLETTER_POSTAL_ADDRESS is empty: the law asks for a postal address in every issue."))
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", settings.NEWSLETTER_LIST_ID):
        wrong.append(("E002", "NEWSLETTER_LIST_ID must look like digest.example.org, and stay so for ever."))
    if urlsplit(settings.SITE_URL).scheme != "https":
        wrong.append(
            ("E003", "SITE_URL must begin with https: mail programs unsubscribe over nothing else (RFC 8058).")
        )
    return wrong


@register(Tags.security, deploy=True)
def check_newsletter(**kwargs: Any) -> list[CheckMessage]:
    if not is_real():
        return []
    return [Error(words, hint=HINT, id=f"newsletter.{code}") for code, words in found()]
