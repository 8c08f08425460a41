from django.urls import path
from django.views.decorators.http import require_safe

from newsletter import archive, outbox, views

urlpatterns = [
    path("", views.newsletter, name="newsletter"),
    path("subscribe/", views.subscribe, name="newsletter_subscribe"),
    path("confirm/<str:secret>/", views.confirm, name="newsletter_confirm"),
    path("export/<str:secret>/", views.export, name="newsletter_export"),
    path("erase/<str:secret>/", views.erase, name="newsletter_erase"),
    path("u/<str:token>/", views.unsubscribe, name="newsletter_unsubscribe"),
    path("p/<str:token>/", views.preferences, name="newsletter_preferences"),
    path("p/<str:token>/<slug:what>/", views.ask_for, name="newsletter_ask_for"),
    path("archive/", archive.archive, name="newsletter_archive"),
    path("archive/feed/", require_safe(archive.IssueFeed()), name="newsletter_feed"),
    path("archive/<slug:slug>/", archive.issue, name="newsletter_issue"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.mail, name="outbox_mail"),
    path("outbox/<str:name>/html/", outbox.html, name="outbox_html"),
]
