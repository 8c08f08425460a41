"""Development only: the mails in var/outbox, shown as a mail program would show them."""

import email
import re
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

SHOWN = 50
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
NAME = re.compile(r"[\w.-]{1,100}\.log")
MAIL_CSP = {"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE], "frame-ancestors": [CSP.SELF]}


def folder() -> Path:
    return Path(settings.VAR_DIR) / "outbox"


def read(name: str) -> EmailMessage:
    """Return the first mail of a file in the outbox. Raises Http404 when there is none of this name."""
    path = folder() / name
    if not settings.DEBUG or not NAME.fullmatch(name) or not path.is_file():
        raise Http404("There is no such mail.")
    return email.message_from_bytes(path.read_bytes().split(SEPARATOR)[0], policy=modern)


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body([kind])
    return found.get_content() if found else ""


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """List the newest mails."""
    if not settings.DEBUG:
        raise Http404
    files = sorted(folder().glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)[:SHOWN]
    return render(request, "newsletter/outbox.html", {"mails": [(file.name, read(file.name)) for file in files]})


@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail: its headers, its HTML in a frame that can do nothing, its text."""
    found = read(name)
    context = {"name": name, "headers": found.items(), "text": part(found, "plain"), "has_html": part(found, "html")}
    return render(request, "newsletter/outbox_mail.html", context | {"subject": found["Subject"]})


@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def html(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(part(read(name), "html"))
