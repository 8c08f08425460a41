"""Which of the pinned packages have known weaknesses: asks the OSV database, or reads an export of it.

    python .ci/audit.py requirements.txt ...

`AUDIT_FILE` names an export (all.zip of the PyPI ecosystem, or a folder or file of its JSON entries) to be read instead
of asking. Exit code 1 for a finding, 0 for none; where nobody could be asked it says so in so many words, and ends with 0
unless `AUDIT_REQUIRED` is set. What has been looked at and does not concern the site stands in ACCEPTED, with the reason.
"""

import datetime
import io
import json
import os
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SERVICE = os.environ.get("AUDIT_SERVICE", "https://api.osv.dev/v1/querybatch")
PATIENCE_SECONDS = 10
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.M)
ACCEPTED: dict[str, str] = {}  # by the id of the advisory


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


Pin = tuple[str, str]  # the name of a package and its version; a package may be pinned twice, for different machines


def pins(files: list[Path]) -> list[Pin]:
    return sorted({(name_of(name), version) for file in files for name, version in PIN.findall(file.read_text())})


def asked(pinned: list[Pin]) -> dict[Pin, list[str]]:
    """Return the advisories on each package, from the service. Raises OSError or ValueError when it cannot be asked."""
    queries = [{"package": {"name": it, "ecosystem": "PyPI"}, "version": version} for it, version in pinned]
    request = urllib.request.Request(  # noqa: S310 - a fixed address, or the operator's own
        SERVICE, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310
        results = json.load(response)["results"]
    if len(results) != len(pinned):
        raise ValueError("the answer is not about these packages")
    return {it: [found["id"] for found in result.get("vulns", [])] for it, result in zip(pinned, results, strict=True)}


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the advisories of an export."""
    if path.is_dir():
        for file in sorted(path.glob("*.json")):
            yield json.loads(file.read_text())
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield json.load(io.BytesIO(archive.read(name)))
    else:
        told = json.loads(path.read_text())
        yield from told if isinstance(told, list) else [told]


def found_in(path: Path, pinned: list[Pin]) -> dict[Pin, list[str]]:
    """Return the advisories on each package, from an export."""
    found: dict[Pin, list[str]] = {it: [] for it in pinned}
    by_name: dict[str, list[Pin]] = {}
    for pin in pinned:
        by_name.setdefault(pin[0], []).append(pin)
    for entry in entries(path):
        for affected in [] if entry.get("withdrawn") else entry.get("affected", []):
            name = name_of(affected.get("package", {}).get("name", ""))
            for pin in by_name.get(name, []):
                if is_affected(pin[1], affected) and entry["id"] not in found[pin]:
                    found[pin].append(entry["id"])
    return found


def is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Tell whether a version is listed, or lies between an event that introduced the weakness and the one that mended it."""
    from packaging.version import InvalidVersion, Version

    if version in affected.get("versions", []):
        return True
    try:
        ours = Version(version)
        for span in affected.get("ranges", []):
            inside = False
            for event in span.get("events", []) if span.get("type") == "ECOSYSTEM" else []:
                [(kind, at)] = event.items()
                if kind == "introduced" and (at == "0" or ours >= Version(at)):
                    inside = True
                elif (kind == "fixed" and ours >= Version(at)) or (kind == "last_affected" and ours > Version(at)):
                    inside = False
            if inside:
                return True
    except InvalidVersion:
        return False
    return False


def main(files: list[str]) -> int:
    pinned = pins([Path(it) for it in files])
    if not pinned:
        print("No pinned packages were found to look up.", file=sys.stderr)
        return 1
    export = os.environ.get("AUDIT_FILE")
    try:
        if export:
            day = datetime.datetime.fromtimestamp(Path(export).stat().st_mtime, datetime.UTC).date()
            source, found = f"the export of {day}", found_in(Path(export), pinned)
        else:
            source, found = "the OSV database", asked(pinned)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        print(
            f"NOT AUDITED: known weaknesses of the {len(pinned)} pinned packages could not be looked up\n"
            f"({type(error).__name__}: {error}). AUDIT_FILE=all.zip reads an export of the OSV database instead;\n"
            "AUDIT_REQUIRED=1 makes this an error."
        )
        return int(bool(os.environ.get("AUDIT_REQUIRED")))
    bad = 0
    for (name, version), ids in found.items():
        for advisory in ids:
            reason = ACCEPTED.get(advisory)
            bad += reason is None
            print(f"{name} {version}: {advisory}" + (f", accepted: {reason}" if reason else ""))
    if bad:
        print(
            f"{bad} known weaknesses by {source}. Update the packages, or state in .ci/audit.py why one does not concern us."
        )
        return 1
    print(f"No known weakness in {len(pinned)} packages, by {source}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
