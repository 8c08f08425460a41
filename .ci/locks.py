"""Keeps requirements.txt and requirements-dev.txt in step with pyproject.toml.

    locks.py write [--upgrade]   writes both files anew, through uv
    locks.py check               says whether writing would change a pin

The pins already in the files are handed to uv as what to keep, so that adding
one dependency moves nothing else; --upgrade takes the newest allowed instead.
Runs on the standard library alone, as it may be what mends a broken .venv.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "requirements.txt": ["--no-dev"],
    "requirements-dev.txt": [],
}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)")
UNREACHABLE = ("Failed to fetch", "error sending request", "Could not connect", "dns error")


class OutOfStep(Exception):
    """A lock that does not say what pyproject.toml says."""


class Unreachable(Exception):
    """The package index did not answer."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def logical_lines(text: str) -> list[str]:
    """The file's requirements, one a line, with their hashes."""
    joined = text.replace("\\\n", " ")
    return [
        " ".join(line.split()) for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


def without_hashes(text: str) -> list[str]:
    return [re.sub(r"\s+--hash=\S+", "", line) for line in logical_lines(text)]


def pins(path: Path) -> dict[str, set[str]]:
    """Each package's pinned versions: more than one where markers part them."""
    found: dict[str, set[str]] = {}
    for line in logical_lines(path.read_text()):
        match = PIN.match(line)
        if match is None:
            raise OutOfStep(f"{path.name}: not pinned with ==: {line[:80]}")
        if "--hash=" not in line:
            raise OutOfStep(f"{path.name}: no hash for {match['name']}")
        found.setdefault(canonical(match["name"]), set()).add(match["version"])
    return found


def declared(project: dict) -> dict[str, list[str]]:
    """What pyproject.toml asks for by name, by the file that must hold it."""
    run = project["project"]["dependencies"]
    dev = project.get("dependency-groups", {}).get("dev", [])
    return {"requirements.txt": run, "requirements-dev.txt": [*run, *dev]}


def check_offline() -> None:
    """What can be told without uv or an index: every name pinned, within range."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = {name: pins(ROOT / name) for name in FILES}
    for file_name, requirements in declared(project).items():
        for requirement in requirements:
            name = re.match(r"[A-Za-z0-9._-]+", requirement)
            assert name is not None
            versions = locked[file_name].get(canonical(name[0]))
            if not versions:
                raise OutOfStep(f"{file_name}: {name[0]} is in pyproject.toml and has no pin")
            for version in sorted(versions):
                if not allows(requirement, version):
                    raise OutOfStep(f"{file_name}: {name[0]} {version} is not {requirement}")
    for name, versions in locked["requirements.txt"].items():
        if locked["requirements-dev.txt"].get(name) != versions:
            raise OutOfStep(f"requirements-dev.txt: {name} is not pinned as in requirements.txt")


def allows(requirement: str, version: str) -> bool:
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return True
    return bool(Requirement(requirement).specifier.contains(version, prereleases=True))


def run_uv(uv: str, *arguments: str) -> str:
    # Only uv's own settings for the index are wanted, not those of an
    # environment that happens to be active.
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        message = done.stderr.strip()
        if any(sign in message for sign in UNREACHABLE):
            raise Unreachable(message)
        raise OutOfStep(message)
    return done.stdout


def seed(project: dict, folder: Path) -> None:
    """Writes a project that asks for today's pins exactly, to be locked first."""
    lines = without_hashes((ROOT / "requirements-dev.txt").read_text())
    wanted = ",\n".join('    "' + line.replace('"', "'") + '"' for line in lines)
    (folder / "pyproject.toml").write_text(
        f"""[project]
name = "{project["name"]}"
version = "{project["version"]}"
requires-python = "{project["requires-python"]}"
dependencies = [
{wanted}
]

[tool.uv]
package = false
"""
    )


def exported(uv: str, *, upgrade: bool) -> dict[str, str]:
    """Both files as uv would write them now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        where = ["--quiet", "--directory", made, "--python", sys.executable]
        if not upgrade and (ROOT / "requirements-dev.txt").exists():
            seed(project, folder)
            try:
                run_uv(uv, "lock", *where)
            except OutOfStep as problem:
                # Pins edited by hand into a contradiction: nothing to keep.
                print(f"The pins of today do not resolve; taking new ones.\n{problem}", file=sys.stderr)
        shutil.copy(ROOT / "pyproject.toml", folder)
        run_uv(uv, "lock", *where)
        options = ["--frozen", "--no-header", "--no-annotate", "--no-emit-project"]
        return {name: run_uv(uv, "export", *where, *options, *extra) for name, extra in FILES.items()}


def check_against_uv(uv: str) -> None:
    for name, text in exported(uv, upgrade=False).items():
        # Hashes are left out: a release may gain a wheel after it was locked.
        held = without_hashes((ROOT / name).read_text())
        difference = list(
            difflib.unified_diff(held, without_hashes(text), name, f"{name} from pyproject.toml", lineterm="", n=0)
        )
        if difference:
            raise OutOfStep("\n".join(difference))


def main() -> int:
    parser = argparse.ArgumentParser(description="Keep the requirements files in step.")
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    parser.add_argument("--uv", default="", help="the uv to ask")
    options = parser.parse_args()
    try:
        if options.action == "write":
            for name, text in exported(options.uv or "uv", upgrade=options.upgrade).items():
                (ROOT / name).write_text(text)
                print(f"{name}: {len(logical_lines(text))} packages")
            return 0
        check_offline()
        if options.uv:
            check_against_uv(options.uv)
            print("The requirements files are what uv makes of pyproject.toml.")
        else:
            print("Every dependency is pinned with hashes, within its range.")
            print("(Without uv the packages below them were not resolved again.)")
    except Unreachable as problem:
        if options.action == "check" and not os.environ.get("CI"):
            print("Every dependency is pinned with hashes, within its range.")
            print("(The package index did not answer, so they were not resolved again.)")
            return 0
        print(f"The package index did not answer:\n{problem}", file=sys.stderr)
        return 1
    except OutOfStep as problem:
        print(problem, file=sys.stderr)
        if options.action == "check":
            print("The requirements files are out of step: run make lock.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
