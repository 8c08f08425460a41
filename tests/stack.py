"""The processes of compose.yaml, started by hand: for the fault suite, the benchmark, and machines without containers.

    python -m tests.stack        sets everything up with the sample site, serves it, stops at Ctrl-C

PostgreSQL and Redis are its own, on free ports and in a folder that goes away; nginx only where it is installed.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import redis
import yaml

from tests.browser.site import _free_port as free_port
from tests.environment import TESTING

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
PYTHON_PROGRAMS = {"python": [], "celery": ["-m", "celery"], "granian": ["-m", "granian"]}
WAIT_SECONDS = 90


def command_of(service: str) -> list[str]:
    """Return the words with which compose.yaml starts a service; the image's own command where it names none."""
    words = COMPOSE["services"][service].get("command")
    if words is None:
        [last] = re.findall(r"^CMD (\[.*?\])$", (ROOT / "Dockerfile").read_text().replace("\\\n", ""), re.M)[-1:]
        words = json.loads(last)
    return words


def postgres_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda it: int(it.parts[4]))
    own = shutil.which("initdb")
    return found[-1].parent if found else Path(own).parent if own else None


def missing() -> str:
    """Return what this machine lacks for the stack; empty if nothing."""
    wanted = {"PostgreSQL": postgres_programs(), "redis-server": shutil.which("redis-server")}
    return ", ".join(name for name, path in wanted.items() if not path)


class Stack:
    """Named processes that can be killed, stopped and started again one by one."""

    def __init__(
        self,
        folder: Path,
        *,
        web_nodes: int = 1,
        web_workers: int = 2,
        per_node: dict[str, dict[str, str]] | None = None,
        **environment: str,
    ) -> None:
        self.folder, self.web_workers, self.per_node = folder, web_workers, per_node or {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports = {name: free_port() for name in ("database", "redis", "proxy", *self._webs(web_nodes))}
        self.webs = self._webs(web_nodes)
        database = f"postgres://shipworthy@127.0.0.1:{self.ports['database']}/shipworthy"
        store = f"redis://127.0.0.1:{self.ports['redis']}"
        own = {
            "DATABASE_URL": database,
            "CACHE_URL": f"{store}/0",
            "CELERY_BROKER_URL": f"{store}/1",
            "SITE_URL": f"http://127.0.0.1:{self.ports['web-1']}",
            "SITE_FOLDER": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
            "PAGE_CACHE_MEGABYTES": "32",
            "TRUSTED_PROXIES": "0",
            "LOG_LEVEL": "WARNING",
            "MAIL_URL": f"file://{folder}/outbox",
        }
        self.environment = os.environ | TESTING | own | environment
        self.database_url, self.redis_url = database, store
        self.server_url = database.rpartition("/")[0] + "/postgres"

    @staticmethod
    def _webs(count: int) -> list[str]:
        return [f"web-{number}" for number in range(1, count + 1)]

    def url(self, name: str = "web-1") -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    # Processes

    def start(self, name: str) -> None:
        """Start a process, and wait until it answers where it can be asked. A killed database repairs itself first."""
        starter = {"database": self._start_database, "proxy": self._start_proxy}.get(name)
        if starter:
            starter()
        else:
            self._launch(name, self._words(name))
        self._wait_for(name)

    def _words(self, name: str) -> list[str]:
        service = re.sub(r"-\d+$", "", name)  # web-1 and web-2 are the same service, and so are beat and beat-2
        words = command_of(service)
        if name == "redis":
            own = ["--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--dir", str(self.folder)]
            return [*words, *own, "--save", ""]
        program, *rest = words
        words = [sys.executable, *PYTHON_PROGRAMS[program], *rest]
        if service == "web":
            words[words.index("--host") + 1] = "127.0.0.1"
            words[words.index("--port") + 1] = str(self.ports[name])
            words[words.index("--workers") + 1] = str(self.web_workers)
        if "--schedule" in words:
            words[words.index("--schedule") + 1] = str(self.folder / name)
        if "worker" in words:
            words += ["--hostname", f"{name}@%h", "--loglevel", "WARNING"]
        return words

    def _launch(self, name: str, words: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                words,
                cwd=ROOT,
                env=self.environment | self.per_node.get(name, {}),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _start_database(self) -> None:
        programs, data = postgres_programs(), self.folder / "database"
        assert programs is not None
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if not data.exists():
            data.mkdir()
            if as_owner:
                self.folder.chmod(0o755)
                shutil.chown(data, "postgres")
            initdb = [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "shipworthy",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ]
            subprocess.run([*as_owner, *map(str, initdb)], cwd="/", check=True, stdout=subprocess.DEVNULL)
        (data / "postmaster.pid").unlink(missing_ok=True)
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
        words = [str(programs / "postgres"), "-D", str(data), "-p", str(self.ports["database"])]
        self._launch("database", [*as_owner, *words, *(f"-c{key}={value}" for key, value in options.items())])

    def _start_proxy(self) -> None:
        conf = self.folder / "proxy.conf"
        filled = {"UPSTREAM": f"127.0.0.1:{self.ports['web-1']}", "LISTEN": f"127.0.0.1:{self.ports['proxy']}"}
        filled["CACHE_FOLDER"] = str(self.folder / "pages")
        text = (ROOT / "config" / "proxy.conf").read_text()
        for name, value in filled.items():
            text = text.replace(f"${{{name}}}", value)
        # The benchmark measures against a file that nginx serves by itself.
        alias = f"location /bench-file/ {{ alias {self.folder}/static/; }} location / {{"
        text = text.replace("location / {", alias, 1)
        user = "user root;" if os.geteuid() == 0 else ""
        conf.write_text(
            f"{user} daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log; worker_processes 1;"
            f"events {{ worker_connections 512; }} http {{ access_log off; {text} }}"
        )
        self._launch("proxy", [str(shutil.which("nginx")), "-c", str(conf), "-e", f"{self.folder}/nginx.log"])

    def _wait_for(self, name: str) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while not self._answers(name):
            if self.running[name].poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} did not start:\n{self.log(name)[-3000:]}")
            time.sleep(0.1)

    def _answers(self, name: str) -> bool:
        try:
            if name == "database":
                psycopg.connect(self.server_url, connect_timeout=2).close()
            elif name == "redis":
                redis.Redis.from_url(self.redis_url, socket_timeout=2).ping()
            elif name in self.ports:
                urllib.request.urlopen(f"{self.url(name)}/livez", timeout=2).close()
        except (OSError, psycopg.Error, redis.RedisError):
            return False
        return True

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def kill(self, name: str) -> None:
        """End a process and its children at once, as a lack of memory or power does."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str, seconds: float = 10) -> float:
        """Ask a process to end and return the seconds it took. Raises TimeoutExpired when it takes longer."""
        process, began = self.running.pop(name), time.monotonic()
        process.terminate()
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return time.monotonic() - began

    def restart(self, name: str) -> None:
        self.kill(name)
        self.start(name)

    def manage(self, *words: str) -> str:
        """Return what a management command prints; raises CalledProcessError when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def close(self) -> None:
        for name in reversed(list(self.running)):
            with suppress(subprocess.TimeoutExpired):
                if name == "database":
                    self.running[name].send_signal(signal.SIGQUIT)  # at once; nothing of it is kept
                self.stop(name, 15)


@contextmanager
def running_stack(*names: str, sample: bool = True, **options: Any) -> Iterator[Stack]:
    """Start the named processes (all of them without a name) on a migrated database, and take everything away again.

    `options` are those of `Stack`; unknown ones are variables of the environment.
    """
    with TemporaryDirectory(prefix="shipworthy-stack-") as folder:
        stack = Stack(Path(folder), **options)
        try:
            stack.start("database")
            with psycopg.connect(stack.server_url, autocommit=True) as server:
                server.execute("CREATE DATABASE shipworthy")
            stack.start("redis")
            stack.manage("migrate", "--verbosity", "0")
            stack.manage("collectstatic", "--no-input", "--verbosity", "0", "--ignore", "drf_spectacular_sidecar")
            if sample:
                stack.manage("sample_site")
            everything = [*stack.webs, "worker-mail", "worker", "beat", *(["proxy"] if shutil.which("nginx") else [])]
            for name in names or everything:
                stack.start(name)
            yield stack
        finally:
            stack.close()


def main() -> None:
    if lacking := missing():
        sys.exit(f"Missing on this machine: {lacking}")
    with running_stack() as stack:
        print(
            f"Serving {stack.url()}"
            + (f", and through the proxy {stack.url('proxy')}" if "proxy" in stack.running else "")
        )
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
