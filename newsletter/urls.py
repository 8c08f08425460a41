from django.urls import path
from django.views.decorators.http import require_safe

from newsletter import archive, clicks, follow_page, outbox, preferences, views

urlpatterns = [
    path("", views.newsletter, name="newsletter"),
    path("subscribe/", views.subscribe, name="newsletter_subscribe"),
    path("confirm/<str:secret>/", views.confirm, name="newsletter_confirm"),
    path("stamp/", views.stamp, name="newsletter_stamp"),
    path("follow/<str:names>/", follow_page.follow, name="newsletter_follow"),
    path("l/<slug:slug>/<int:number>/", clicks.link, name="newsletter_link"),
    path("u/<str:token>/", views.unsubscribe, name="newsletter_unsubscribe"),
    path("p/<str:token>/", preferences.preferences, name="newsletter_preferences"),
    path("p/<str:token>/unfollow/", preferences.unfollow, name="newsletter_unfollow"),
    path("p/<str:token>/address/", preferences.change_address, name="newsletter_address"),
    path("p/<str:token>/<slug:what>/", preferences.ask_for, name="newsletter_ask_for"),
    path("move/<str:secret>/", preferences.move, name="newsletter_move"),
    path("export/<str:secret>/", preferences.export, name="newsletter_export"),
    path("erase/<str:secret>/", preferences.erase, name="newsletter_erase"),
    path("archive/", archive.archive, name="newsletter_archive"),
    path("archive/feed/", require_safe(archive.IssueFeed()), name="newsletter_feed"),
    path("archive/<slug:slug>/", archive.issue, name="newsletter_issue"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.mail, name="outbox_mail"),
    path("outbox/<str:name>/html/", outbox.html, name="outbox_html"),
]
