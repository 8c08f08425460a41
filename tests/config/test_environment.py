"""What the site makes of its environment: nonsense is refused in one line, and a good one makes a safe site.

Every case has a Python of its own (tests/afresh.py). A variable that is set to nothing counts as absent, and wins over
a developer's .env file: so each process gets all variables, most of them empty.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import afresh

BASE = Path(__file__).resolve().parents[2]
READS = re.compile(r'\bread\.\w+\(\s*"([A-Z_]+)"')
VARIABLES = READS.findall((BASE / "config" / "settings.py").read_text(encoding="utf-8"))
KEY = "kept-by-nobody-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PRODUCTION = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "ship.example",
    "SITE_URL": "https://ship.example",
    "SITE_CONTACT": "editors@ship.example",
    "DATABASE_URL": "sqlite://:memory:",
    "TRUSTED_PROXIES": "1",
    "MAIL_URL": "smtp+tls://mail.ship.example:587",
    "NEWSLETTER_POSTAL_ADDRESS": "1 Harbour Street, Port",
}
SAFETY = """
import json
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in %r}))
"""


def only(**environment):
    """Return an environment with these variables and no others of the site's."""
    machine = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH"}}
    return machine | {"DJANGO_SETTINGS_MODULE": "config.settings"} | dict.fromkeys(VARIABLES, "") | environment


def python(code, **environment):
    return afresh.python(code, only(**environment))


def settings_of(*names, **environment):
    done = python(SAFETY % (names,), **environment)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout).values())


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("SECRET_KEY", "", ""),
        ("SECRET_KEY", "development-only", ""),
        ("SECRET_KEY", "django-insecure-" + KEY, KEY),
        ("SECRET_KEY", "short-but-secret", "short-but-secret"),
        ("SECRET_KEY", "abab" * 20, "abab"),
        ("ALLOWED_HOSTS", "", ""),
        ("ALLOWED_HOSTS", " , ", ""),
        ("ALLOWED_HOSTS", "*", ""),
        ("ALLOWED_HOSTS", "ship.example,*", ""),
        ("DEBUG", "perhaps", ""),
        ("SITE_URL", "ship.example", ""),
        ("SITE_URL", "https://ship.example/path", ""),
        ("SITE_URL", "ftp://ship.example", ""),
        ("SITE_URL", "https://", ""),
        ("SITE_CONTACT", "nobody", ""),
        ("DATABASE_URL", "mysql://me:hunter2@db/site", "hunter2"),
        ("CACHE_URL", "memcached://me:hunter2@cache", "hunter2"),
        ("CELERY_BROKER_URL", "amqp://me:hunter2@broker", "hunter2"),
        ("MAIL_URL", "http://me:hunter2@mail", "hunter2"),
        ("MAIL_URL", "smtp://", ""),
        ("VOTE_PROOF_OF_WORK", "sometimes", ""),
        ("STAFF_SECOND_FACTOR", "perhaps", ""),
        ("GITHUB_CLIENT_ID", "half-a-pair", "half-a-pair"),
        ("GOOGLE_SECRET", "half-a-pair", "half-a-pair"),
        ("MAIL_URL", "file://", ""),
        ("TRUSTED_PROXIES", "-1", ""),
        ("TRUSTED_PROXIES", "99", ""),
        ("TRUSTED_PROXIES", "x", ""),
        ("MAIL_HOOKS", "pigeon", ""),
        ("LOG_LEVEL", "loud", ""),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name, value, secret):
    done = python("import django; django.setup()", **PRODUCTION | {name: value})

    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    assert last.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in last
    assert not secret or secret not in done.stderr + done.stdout


def test_the_pool_of_connections_has_a_sensible_size():
    environment = PRODUCTION | {"DATABASE_URL": "postgres://me:hunter2@db/site", "DATABASE_POOL": "0"}

    done = python("import django; django.setup()", **environment)

    assert "DATABASE_POOL must be a whole number from 1 to 200" in done.stderr
    assert "hunter2" not in done.stderr


def test_without_any_variable_the_site_asks_for_its_key_first():
    done = python("import django; django.setup()")

    assert (
        done.stderr.strip().splitlines()[-1].endswith("SECRET_KEY must be set to a key of its own when DEBUG is off.")
    )


def test_debug_alone_is_enough_to_develop_with():
    names = ("SITE_URL", "ALLOWED_HOSTS", "CELERY_TASK_ALWAYS_EAGER", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE")

    assert settings_of(*names, DEBUG="True") == [
        "http://127.0.0.1:8000",
        ["localhost", "127.0.0.1", "[::1]"],
        True,
        False,
        False,
    ]


def test_an_https_address_makes_cookies_and_transport_safe():
    expected = {
        "DEBUG": False,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_TRUSTED_ORIGINS": ["https://ship.example"],
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "X_FRAME_OPTIONS": "DENY",
    }

    assert settings_of(*expected, **PRODUCTION) == list(expected.values())


def test_without_a_proxy_no_forwarded_header_is_believed():
    assert settings_of("SECURE_PROXY_SSL_HEADER", **PRODUCTION | {"TRUSTED_PROXIES": ""}) == [None]


def test_every_request_over_http_is_sent_to_https_but_for_the_health_pages():
    script = """
import django
django.setup()
from django.test import Client
from django.urls import reverse
plain = Client(headers={"host": "ship.example"})
moved, alive = plain.get("/tools/?page=2"), plain.get("/livez")
print(moved.status_code, moved.headers["Location"], alive.status_code)
"""

    done = python(script, **PRODUCTION | {"LOG_LEVEL": "ERROR"})

    assert done.stdout.split() == ["301", "https://ship.example/tools/?page=2", "200"], done.stderr


def test_a_host_that_is_not_named_is_turned_away():
    script = """
import django
django.setup()
from django.core.exceptions import DisallowedHost
from django.test import RequestFactory
for host in ("ship.example", "evil.example"):
    try:
        print(RequestFactory(headers={"host": host}).get("/").get_host())
    except DisallowedHost:
        print("refused")
"""

    done = python(script, **PRODUCTION | {"LOG_LEVEL": "ERROR"})

    assert done.stdout.split() == ["ship.example", "refused"], done.stderr


def test_djangos_own_deployment_checks_find_nothing():
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=BASE, env=only(**PRODUCTION), capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


# .env.example ------------------------------------------------------------------------------------


def examples():
    """Return what .env.example says: by variable, its value and the comment above it."""
    found, comment = {}, []
    for line in (BASE / ".env.example").read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"#?([A-Z_]+)=(.*)", line):
            found[match[1]] = (match[2], " ".join(comment))
            comment = []
        elif line.startswith("# "):
            comment.append(line.removeprefix("# "))
        else:
            comment = []
    return found


def test_the_example_names_every_variable_that_is_read_and_no_other():
    assert sorted(examples()) == sorted(set(VARIABLES))


def test_every_variable_is_explained_with_its_default():
    assert [name for name, (_, comment) in examples().items() if len(comment) < 40 or "Default:" not in comment] == []


def test_the_readme_lists_every_variable():
    readme = (BASE / "README.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([A-Z_]+)` \|", readme, re.MULTILINE)) == set(VARIABLES)


def test_the_example_as_it_is_starts_a_site_to_develop_with():
    lines = {name: value for name, (value, _) in examples().items() if value and name == "DEBUG"}

    assert settings_of("DEBUG", "SITE_NAME", **lines) == [True, "Shipworthy"]


# Providers to sign in with ------------------------------------------------------------------------

PAGES = """
import django; django.setup()
from django.conf import settings
from django.test import Client
client = Client(headers={"Host": "localhost"})
page = client.get("/accounts/login/").content.decode()
print("GitHub" in page, "Google" in page, settings.SECURE_CSP["form-action"][1:])
if "GitHub" in page:
    print(client.get("/accounts/github/login/").status_code, client.post("/accounts/github/login/")["Location"][:50])
"""


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["False False []"]),
        (
            {"GITHUB_CLIENT_ID": "an-id", "GITHUB_SECRET": "a-secret"},
            ["True False ['https://github.com']", "200 https://github.com/login/oauth/authorize?client_id"],
        ),
    ],
)
def test_a_provider_is_offered_only_with_its_keys(keys, expected, migrated):
    site = {"DEBUG": "True", "DATABASE_URL": migrated, "LOG_LEVEL": "ERROR"}

    done = python(PAGES, **site, **keys)

    assert done.stdout.splitlines() == expected, done.stderr
