"""A disk that is full, and a clock that jumps."""

import datetime
import json
import os
import resource
import shelve
import shutil
import subprocess
import sys
import time

import psycopg
import pytest

from tests.environment import TESTING
from tests.faults.waiting import until
from tests.stack import ROOT

FULL = 4 * 1024 * 1024
VOTE = """
import json, sys, resource, django
django.setup()
from django.test import Client
from django.conf import settings
client = Client(raise_request_exception=False)
slug = "claude-code"

def vote(client):
    given = json.loads(client.get(f"/votes/stamps/?tools={slug}").content)
    form = {"choice": "ship", "stamp": given["stamps"][slug]}
    return client.post(f"/tools/{slug}/vote/", form, headers={"accept": "application/json"})

before = vote(Client()).status_code
# From here on no file may grow beyond what it has: as on a disk that is full.
resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
full = vote(client)
page = client.get("/methodology/").status_code
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps([before, full.status_code, full.headers.get("Retry-After"), page, vote(client).status_code]))
"""


WHOLE = """
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("PRAGMA integrity_check")
    print(cursor.fetchone()[0])
"""


@pytest.fixture(scope="module")
def small_site(stack, tmp_path_factory):
    """The environment of a site on SQLite, filled with the sample."""
    folder = tmp_path_factory.mktemp("small")
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "CACHE_URL": "",
        "CELERY_BROKER_URL": "",
        "SITE_FOLDER": str(folder),
        "MAIL_URL": f"file://{folder}/outbox",
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "LOG_LEVEL": "ERROR",
    }
    environment = os.environ | TESTING | own
    for words in (
        ["migrate", "--verbosity", "0"],
        ["collectstatic", "--no-input", "--verbosity", "0"],
        ["sample_site"],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True, capture_output=True
        )
    return folder, environment


def limited(size):
    """No file that this process writes may grow larger."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run(environment, *words, preexec=None):
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, preexec_fn=preexec
    )


@pytest.mark.long
def test_a_vote_that_finds_the_disk_full_is_refused_with_503_and_the_database_stays_whole(small_site):
    _, environment = small_site

    done = run(environment, "-c", VOTE)

    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [200, 503, "5", 200, 200]
    assert run(environment, "-c", WHOLE).stdout.split() == ["ok"]
    assert run(environment, "manage.py", "recount_votes").returncode == 0


@pytest.mark.long
def test_a_backup_that_finds_the_disk_full_says_so_and_is_not_taken_for_one(small_site, tmp_path):
    _, environment = small_site

    done = run(environment, "manage.py", "backup", str(tmp_path / "backup"), preexec=limited(100_000))
    restored = run(
        environment | {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"},
        "manage.py",
        "restore",
        str(tmp_path / "backup"),
    )

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("CommandError: "), done.stderr[-1500:]
    assert "holds no whole backup" in restored.stderr
    assert run(environment, "manage.py", "backup", str(tmp_path / "another")).returncode == 0


LOGO = """
import io, resource, django
django.setup()
from django.test import Client
from PIL import Image
from tools.models import Tool
from voting.models import User
client = Client(raise_request_exception=False)
client.force_login(User.objects.filter(is_superuser=True).first())
tool = Tool.objects.get(slug="claude-code")
from tools.logos import redrawn_logo
from django.core.files.uploadedfile import SimpleUploadedFile
out = io.BytesIO()
Image.effect_noise((256, 256), 90).save(out, "PNG")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
try:
    tool.logo.save("full.png", redrawn_logo(SimpleUploadedFile("a.png", out.getvalue()), "full"))
except OSError as error:
    print("refused", type(error).__name__)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(Tool.objects.get(slug="claude-code").logo.name == "")
"""


@pytest.mark.long
def test_an_upload_that_finds_the_disk_full_changes_no_row(small_site):
    _, environment = small_site

    done = run(environment, "-c", LOGO)

    assert done.stdout.split() == ["refused", "OSError", "True"], done.stderr[-1500:]


MAIL = """
import resource, django
django.setup()
from newsletter import subscribing
from newsletter.addresses import parse
from newsletter.models import Confirmation
resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
try:
    from newsletter import mailing
    mailing.confirm("reader@example.org", "secret")
except OSError as error:
    print("refused")
"""


@pytest.mark.long
def test_a_mail_that_finds_the_disk_full_is_not_taken_for_sent(small_site):
    _, environment = small_site

    assert run(environment, "-c", MAIL).stdout.split() == ["refused"]


FULL_DISK = """
import json, os, django
django.setup()
from pathlib import Path
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
slug, folder = "claude-code", Path(os.environ["SITE_FOLDER"])

def vote(client):
    given = client.get(f"/votes/stamps/?tools={slug}").json()
    form = {"choice": "ship", "stamp": given["stamps"][slug]}
    return client.post(f"/tools/{slug}/vote/", form, headers={"accept": "application/json"})

def fill():
    with open(folder / "filler", "ab", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError as error:
                assert error.errno == 28, error

client = Client(raise_request_exception=False)
first = vote(Client()).status_code
fill()
found = []
for _ in range(40):  # there may be room in files that are there already
    full = vote(Client(raise_request_exception=False))
    found.append(full.status_code)
    if full.status_code != 200:
        break
page = client.get("/methodology/").status_code
try:
    call_command("backup", str(folder / "backup"), verbosity=0)
    backup = "taken"
except (CommandError, OSError) as error:
    backup = type(error).__name__
os.remove(folder / "filler")
after = vote(client).status_code
print(json.dumps([first, sorted(set(found)), full.headers.get("Retry-After"), page, backup, after]))
"""


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of its own that is soon full.

    The metrics stay elsewhere: their files are mapped into memory, and a process that touches a new page of one on a full
    disk is ended by the system (SIGBUS).
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("Only root may mount a small file system; the limits of file sizes above stand for it.")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.long
def test_a_disk_without_a_byte_left_refuses_votes_and_backups_and_all_goes_on_when_there_is_room(small_site, tiny_disk):
    folder, environment = small_site
    shutil.copytree(folder, tiny_disk / "site")
    there = tiny_disk / "site"
    own = {"DATABASE_URL": f"sqlite:///{there / 'site.sqlite3'}", "SITE_FOLDER": str(there)}
    environment = environment | own | {"MAIL_URL": f"file://{there}/outbox"}

    done = run(environment, "-c", FULL_DISK)

    assert done.returncode == 0, done.stderr[-2000:]
    first, full, when, page, backup, after = json.loads(done.stdout.splitlines()[-1])
    assert (first, page, after) == (200, 200, 200)
    assert set(full) <= {200, 503}
    assert 503 in full
    assert when == "5"
    assert backup != "taken"
    assert run(environment, "-c", WHOLE).stdout.split() == ["ok"]
    assert run(environment, "manage.py", "recount_votes").returncode == 0


@pytest.mark.long
def test_a_beat_whose_clock_was_a_day_ahead_goes_on_as_soon_as_it_is_mended(stack):
    """Its file says that everything has run tomorrow."""
    for name in ("beat", "beat-2"):
        if name in stack.running:
            stack.stop(name)
    with shelve.open(str(stack.folder / "beat"), writeback=True) as kept:
        for entry in kept["entries"].values():
            entry.last_run_at += datetime.timedelta(days=1)
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute("DELETE FROM newsletter_issue WHERE frozen_at IS NULL AND day > current_date")
        before = len(stack.log("beat"))
        stack.start("beat")
        until(lambda: "clock_was_set_back" in stack.log("beat")[before:], words=lambda: stack.log("beat")[before:])
        until(
            lambda: database.execute("SELECT count(*) FROM newsletter_issue WHERE day > current_date").fetchone()[0],
            words=lambda: stack.log("beat")[before:] + stack.log("worker-mail")[-2000:],
        )


@pytest.mark.long
def test_two_beats_do_no_harm(stack):
    stack.running.get("beat-2") or stack.start("beat-2")
    run_again = time.monotonic() + 6
    until(lambda: time.monotonic() > run_again)
    with psycopg.connect(stack.database_url) as database:
        days = database.execute("SELECT day, count(*) FROM newsletter_issue GROUP BY day").fetchall()

    assert all(count == 1 for _, count in days)
    assert "ERROR" not in stack.log("beat-2").upper().replace("ERRORLEVEL", "")
