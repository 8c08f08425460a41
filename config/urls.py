"""Every address of the site. Names are one flat set."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from config import views
from config.api.docs import api_docs
from config.headers import csp_report
from config.metrics import metrics
from newsletter.hooks import hook

urlpatterns = [
    path("", include("verdicts.urls")),
    path("newsletter/", include("newsletter.urls")),
    path("hooks/mail/<slug:esp>/", hook, name="mail_hook"),
    path("", include("voting.account_urls")),
    path("accounts/", include("allauth.urls")),
    path("livez", views.livez, name="livez"),
    path("healthz", views.HealthView.as_view(), name="healthz"),
    path("csp-reports/", csp_report, name="csp_report"),
    path("metrics", metrics, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("sitemaps/pages.xml", views.sitemap_file, {"part": "pages"}, name="sitemap_pages"),
    path("sitemaps/tools-<int:number>.xml", views.sitemap_file, {"part": "tools"}, name="sitemap_tools"),
    path("sitemaps/pairs-<int:number>.xml", views.sitemap_file, {"part": "pairs"}, name="sitemap_pairs"),
    path("llms.txt", views.llms, name="llms"),
    path(".well-known/security.txt", views.security, name="security"),
    path("opensearch.xml", views.opensearch, name="opensearch"),
    path("api/docs/", api_docs, name="api_docs"),
    path("api/v1/", include("config.api.urls")),
    path("admin/", admin.site.urls),
    re_path(r"^media/(?P<path>logos/[\w.-]+)$", serve, {"document_root": settings.MEDIA_ROOT}),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
