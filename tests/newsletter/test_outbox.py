"""The development page of mails: there in development, and nowhere else."""

import pytest
from django.core.mail import EmailMultiAlternatives

pytestmark = pytest.mark.django_db


@pytest.fixture
def name(settings, tmp_path):
    """The name of a file that the file mailer has written."""
    backend = "django.core.mail.backends.filebased.EmailBackend"
    folder = tmp_path / "outbox"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": str(folder)}}}
    mail = EmailMultiAlternatives("Hello <you>", "Plain words", "me@example.org", ["you@example.org"])
    mail.attach_alternative("<p>Rich words</p><script>alert(1)</script>", "text/html")
    mail.send()
    return next(folder.iterdir()).name


def test_mails_are_listed_and_shown_as_a_mail_program_would(client, settings, name):
    settings.DEBUG = True

    assert "Hello &lt;you&gt;" in client.get("/newsletter/outbox/").text
    page = client.get(f"/newsletter/outbox/{name}/").text
    assert "Plain words" in page
    assert "To: you@example.org" in page
    framed = client.get(f"/newsletter/outbox/{name}/html/")
    assert "Rich words" in framed.text
    assert "default-src 'none'" in framed["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["", "{name}/", "{name}/html/", "../settings.py/", "..%2f..%2fstaff-password.log/"])
def test_there_is_no_such_page_on_a_live_site_and_no_way_out_of_the_folder(client, settings, name, path):
    assert client.get("/newsletter/outbox/" + path.format(name=name)).status_code == 404
    settings.DEBUG = True
    if "{name}" not in path and path:
        assert client.get("/newsletter/outbox/" + path).status_code == 404
