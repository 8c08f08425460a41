"""Python afresh, at a fraction of its price: a process that holds libraries and nothing of the site forks for each code."""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

BASE = Path(__file__).resolve().parents[1]
MOST_SECONDS = 120
# Libraries alone: a child reads its settings, and loads every module of the site, by itself.
SERVER = f"""
import json, os, signal, sys
import celery.app.base, celery.schedules, django.contrib.admin, django.test, environ, structlog
import cryptography.x509, email_validator, fido2.server, markdown_it, PIL.ImageFont, psycopg_pool, redis, requests, tablib
for line in sys.stdin:
    asked = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    signal.alarm({MOST_SECONDS})
    assert not [name for name in sys.modules if name.startswith("config")]
    os.environ.clear()
    os.environ.update(asked["environment"])
    for number, path in enumerate(asked["outputs"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    exec(asked["code"], {{"__name__": "__main__"}})
    sys.exit()
"""


@cache
def server() -> subprocess.Popen[str]:
    """Start the process that forks; it ends when its input does, with the one that started it."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", SERVER], cwd=BASE, stdin=pipe, stdout=pipe, text=True)


def python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run code as `python -c` does, in the project, with these variables and no others."""
    with TemporaryDirectory() as folder:
        outputs = [Path(folder) / name for name in ("stdout", "stderr")]
        asked = {"code": code, "environment": environment, "outputs": [str(path) for path in outputs]}
        server().stdin.write(json.dumps(asked) + "\n")
        server().stdin.flush()
        ended = int(server().stdout.readline())
        return subprocess.CompletedProcess(code, ended, *(path.read_text(encoding="utf-8") for path in outputs))


def manage(words: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run manage.py with these words."""
    code = "import runpy, sys; sys.argv = %r; runpy.run_path('manage.py', run_name='__main__')"
    return python(code % ["manage.py", *words], environment)
