"""What every template knows about the site."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from verdicts.queries import is_sample_site


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name, address and contact, for every template."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "site_contact": settings.SITE_CONTACT,
        "is_sample": SimpleLazyObject(is_sample_site),
    }
