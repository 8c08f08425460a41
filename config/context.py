"""What every template knows about the site."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tools.models import Tool
from tools.statements import statement


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name, address and contact, for every template."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "site_contact": settings.SITE_CONTACT,
        "is_sample": SimpleLazyObject(lambda: bool(_a_sample())),
    }


@statement
def _a_sample() -> QuerySet[Any, Any]:
    return Tool.objects.filter(is_sample=True).order_by().values_list("pk")[:1]
