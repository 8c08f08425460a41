"""What is shipped to run the site: the compose file is valid, and each of its commands is started by the fault suite."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests import stack
from tests.faults.conftest import PROCESSES

BASE = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((BASE / "compose.yaml").read_text())
README = (BASE / "README.md").read_text()
ENGINE = shutil.which("docker-compose") or shutil.which("podman-compose")


@pytest.mark.skipif(not ENGINE, reason="docker-compose is not on this machine")
def test_the_compose_file_is_valid(tmp_path):
    for name in ("compose.yaml", ".env.example"):
        shutil.copy(BASE / name, tmp_path / {"compose.yaml": "docker-compose.yml"}.get(name, ".env"))
    with (tmp_path / ".env").open("a") as file:
        file.write("\nPOSTGRES_PASSWORD=secret\n")

    done = subprocess.run([ENGINE, "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_without_a_password_for_the_database_nothing_starts():
    assert "${POSTGRES_PASSWORD:?" in (BASE / "compose.yaml").read_text()


def test_the_fault_suite_starts_the_command_of_every_service():
    """Migrations are run by `running_stack`, as a job; the proxy where nginx is installed."""
    started = {re.sub(r"-\d+$", "", name) for name in PROCESSES} | {"database", "redis", "migrations", "proxy"}

    assert started == set(COMPOSE["services"])
    assert stack.command_of("migrations")[1:3] == ["manage.py", "migrate"]


@pytest.mark.parametrize("service", ["web", "worker", "worker-mail", "beat"])
def test_what_runs_under_systemd_is_what_runs_in_containers(service):
    """The words of each command stand in the README, but for where it listens and where it keeps its files."""
    program, *rest = stack.command_of(service)
    own = ("0.0.0.0", "127.0.0.1", "var/beat/schedule", "--pidfile=", "--schedule")
    [line] = [
        line
        for line in README.splitlines()
        if line.strip().startswith("ExecStart=")
        and f"/{program} " in line
        and (service == "web" or {"worker": "mail_bulk", "worker-mail": "mail_tx", "beat": " beat"}[service] in line)
    ]

    assert [word for word in rest if word not in own and word not in line.split()] == []


def test_services_run_as_nobody_special_and_end_within_ten_seconds():
    for name in ("web", "worker", "worker-mail", "beat", "migrations"):
        service = COMPOSE["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["stop_grace_period"] == "10s"
    assert "\nUSER shipworthy" in (BASE / "Dockerfile").read_text()


def test_every_service_that_can_be_asked_is_asked_whether_it_is_well():
    unasked = {name for name, it in COMPOSE["services"].items() if not it.get("healthcheck", {}).get("test")}

    assert unasked == {"migrations", "beat"}
