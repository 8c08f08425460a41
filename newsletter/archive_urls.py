from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from newsletter import archive, outbox


def elsewhere(request: HttpRequest, token: str) -> HttpResponse:
    """Answer for the readers' own pages until newsletter.urls, which stands before this list, has them."""
    raise Http404


urlpatterns = [
    path("archive/", archive.archive, name="newsletter_archive"),
    path("archive/feed/", require_safe(archive.IssueFeed()), name="newsletter_feed"),
    path("archive/<slug:slug>/", archive.issue, name="newsletter_issue"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.mail, name="outbox_mail"),
    path("outbox/<str:name>/html/", outbox.html, name="outbox_html"),
    path("u/<str:token>/", elsewhere, name="newsletter_unsubscribe"),
    path("p/<str:token>/", elsewhere, name="newsletter_preferences"),
]
