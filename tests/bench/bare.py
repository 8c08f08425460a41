"""What the pages are measured against: a Django view without middleware, database or template."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], SECRET_KEY="bench", LOGGING_CONFIG=None)
BODY = (Path(os.environ["SITE_FOLDER"]) / "body").read_bytes()


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BODY)


urlpatterns = [path("page", page), path("livez", page)]
application = get_wsgi_application()
