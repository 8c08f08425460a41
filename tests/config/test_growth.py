"""The document on growth names what is there, and the command behind its table counts right."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests import factories

BASE = Path(__file__).resolve().parents[2]


def test_the_document_on_growth_names_files_and_commands_that_exist():
    text = (BASE / "docs" / "growth.md").read_text()

    for path in re.findall(r"`(tests/[\w/]+\.py)`", text):
        assert (BASE / path).exists(), path
    for command in ("site_sizes", "synthetic_site"):
        assert f"`manage.py {command}" in text or f"`{command} " in text


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL tells what its tables take")
def test_sizes_are_refused_where_the_database_does_not_tell():
    with pytest.raises(CommandError, match="Only PostgreSQL"):
        call_command("site_sizes")


@pytest.mark.django_db
@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
def test_sizes_are_bytes_of_a_row_times_the_rows_asked_for():
    factories.tool("a")
    factories.tool("b")
    out = StringIO()

    call_command("site_sizes", tools=1_000_000, stdout=out)

    [row] = [line.split() for line in out.getvalue().splitlines() if line.startswith("tools")]
    each, here, then, megabytes = (int(word.replace(",", "")) for word in row[1:5])
    assert (here, then) == (2, 1_000_000)
    assert megabytes == pytest.approx(each, rel=0.01)
    assert "none here" in out.getvalue()
