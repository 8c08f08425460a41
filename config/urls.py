"""Every address of the site. Names are one flat set."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from config import views
from config.headers import csp_report
from config.metrics import metrics

urlpatterns = [
    path("", include("verdicts.urls")),
    path("livez", views.livez, name="livez"),
    path("healthz", views.HealthView.as_view(), name="healthz"),
    path("csp-reports/", csp_report, name="csp_report"),
    path("metrics", metrics, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("admin/", admin.site.urls),
    re_path(r"^media/(?P<path>logos/[\w.-]+)$", serve, {"document_root": settings.MEDIA_ROOT}),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
