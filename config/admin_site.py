"""The admin site, under this site's name."""

from django.conf import settings
from django.contrib.admin import AdminSite


class SiteAdmin(AdminSite):
    """Django's admin with our title."""

    @property
    def site_header(self) -> str:
        return f"{settings.SITE_NAME} editors"

    site_title = site_header
    index_title = "The week"
