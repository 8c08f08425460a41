"""The look-up of known weaknesses in the pinned packages: by the service, by an export, and honest when by neither."""

import http.server
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[2]
PINNED = (
    "Some_Package==1.4.0 \\\n    --hash=sha256:0\nother[extra]==2.0 ; python_version > '3'\n    # via some-package\n"
)


@pytest.fixture
def audit(tmp_path):
    """Run it over two pinned packages with these variables; return its exit code and words."""
    (tmp_path / "requirements.txt").write_text(PINNED)

    def run(**environment):
        machine = {name: value for name, value in os.environ.items() if not name.startswith("AUDIT_")}
        done = subprocess.run(
            [sys.executable, str(BASE / ".ci" / "audit.py"), str(tmp_path / "requirements.txt")],
            env=machine | environment,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def export(tmp_path, **affected):
    entry = {"id": "PYSEC-1", "affected": [{"package": {"name": "some.package", "ecosystem": "PyPI"}, **affected}]}
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("PYSEC-1.json", json.dumps(entry))
    return str(path)


def between(*events):
    return [{"type": "ECOSYSTEM", "events": [dict([event]) for event in events]}]


@pytest.mark.parametrize(
    ("affected", "code"),
    [
        ({"versions": ["1.4.0"]}, 1),
        ({"versions": ["1.3"]}, 0),
        ({"ranges": between(("introduced", "0"), ("fixed", "1.4.1"))}, 1),
        ({"ranges": between(("introduced", "0"), ("fixed", "1.4"))}, 0),
        ({"ranges": between(("introduced", "1.5"), ("fixed", "1.6"))}, 0),
        ({"ranges": between(("introduced", "1.2"), ("last_affected", "1.4.0"))}, 1),
        ({"ranges": between(("introduced", "0"), ("fixed", "1.0"), ("introduced", "1.4"))}, 1),
    ],
)
def test_an_export_is_read_without_any_network(audit, tmp_path, affected, code):
    ended, said = audit(AUDIT_FILE=export(tmp_path, **affected))

    assert ended == code, said
    assert ("some-package 1.4.0: PYSEC-1" in said) == bool(code)
    assert "the export of " in said


def test_where_nobody_can_be_asked_it_says_so_and_only_fails_if_wanted(audit):
    nowhere = {"AUDIT_SERVICE": "http://127.0.0.1:1/"}

    ended, said = audit(**nowhere)

    assert ended == 0
    assert said.startswith("NOT AUDITED: known weaknesses of the 2 pinned packages could not be looked up")
    assert "No known weakness" not in said
    assert audit(**nowhere, AUDIT_REQUIRED="1")[0] == 1


@pytest.mark.parametrize(("vulns", "code"), [([], 0), ([{"id": "GHSA-1"}], 1)])
def test_the_service_is_asked_once_for_all_packages(audit, vulns, code):
    asked = []

    class Service(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            answer = json.dumps({"results": [{"vulns": vulns} if vulns else {}, {}]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.handle_request, daemon=True).start()

    ended, said = audit(AUDIT_SERVICE=f"http://127.0.0.1:{server.server_port}/")
    server.server_close()

    assert ended == code, said
    assert [[query["package"]["name"] for query in it["queries"]] for it in asked] == [["other", "some-package"]]


def test_every_pinned_package_of_the_site_is_looked_up():
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("audit", BASE / ".ci" / "audit.py")
    audit = module_from_spec(spec)
    spec.loader.exec_module(audit)
    text = (BASE / "requirements-dev.txt").read_text()

    assert len(audit.pins([BASE / "requirements-dev.txt"])) == sum(
        "==" in line and line[0] not in " #" for line in text.splitlines()
    )
