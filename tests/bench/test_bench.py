"""The benchmark runs and prints ratios. How quick anything is, is no business of a test."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.newsletter import has_tools

BASE = Path(__file__).resolve().parents[2]


def bench(*arguments):
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(
        command, cwd=BASE, env=os.environ | ALONE, capture_output=True, text=True, timeout=600, check=False
    )


ALONE = {"DATABASE_URL": "", "CACHE_URL": "", "CELERY_BROKER_URL": ""}


def test_it_prints_ratios_for_each_page_and_writes_them_as_json(tmp_path):
    file = tmp_path / "figures.json"

    size = ["--tools", "4", "--growth", "8", "--rounds", "2", "--requests", "1"]
    done = bench("--only", "pages", "--only", "votes", *size, "--json", str(file))

    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    pages = ["home", "browse", "category", "tool", "comparison", "search", "misspelt", "suggest"]
    assert list(found["pages"]) == [*pages, "api-list", "api-detail", "api-pair"]
    for page, row in found["pages"].items():
        ratio = row["of_the_bare_view"]
        assert 0 < ratio["least"] <= ratio["median"] <= ratio["most"]
        assert row["cost_when_grown"]["median"] > 0
        assert re.search(rf"growth  {page} at 8 .+ the same at 4 tools +at most 1.3: (met|missed)", done.stdout)
        assert re.search(rf"afresh  {page} .+ a bare Django view", done.stdout)
    assert found["machine"] in done.stdout
    assert "Votes: not measured, DATABASE_URL does not name PostgreSQL" in done.stdout


def test_sizes_that_make_no_sense_are_refused():
    done = bench("--tools", "0")

    assert done.returncode == 2
    assert "1 or more" in done.stderr


@pytest.mark.skipif(not has_tools(), reason="smtp-sink and smtp-source, of Debian's postfix, are missing")
def test_the_weekly_mail_is_measured_beside_smtp_source(tmp_path):
    file = tmp_path / "figures.json"

    done = bench("newsletter", "--messages", "200", "--rounds", "1", "--json", str(file))

    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert {"core", "unpipelined"} <= set(found["of_smtp_source"])
    assert "of smtp-source" in done.stdout
