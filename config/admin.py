"""The admin site, under this site's name."""

from django.contrib.admin.apps import AdminConfig


class SiteAdminConfig(AdminConfig):
    default_site = "config.admin_site.SiteAdmin"

    def ready(self) -> None:
        super().ready()
        from config import staff_log  # noqa: F401  (its models are not there before)
