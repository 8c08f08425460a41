"""What tests of the site's processes can ask for."""

import shutil

import pytest

from tests.copies import migrated_file


@pytest.fixture
def migrated(tmp_path):
    """The address of an SQLite file of the test's own in which every table is there, and empty."""
    return f"sqlite:///{shutil.copy(migrated_file(), tmp_path / 'site.sqlite3')}"
