"""What every test can ask for."""

import pytest
from django.test.utils import setup_databases, teardown_databases

from tests import copies
from verdicts import made_pages
from voting import origins


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_modify_db_settings, django_db_blocker):
    """The test database: a copy of one that was migrated once for all workers."""
    with django_db_blocker.unblock(), copies.ready_for_tests():
        found = setup_databases(verbosity=0, interactive=False, serialized_aliases=set(), keepdb=True)
    yield
    with django_db_blocker.unblock():
        copies.hang_up()
        teardown_databases(found, verbosity=0)


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Passwords are hashed for safety in production, not in tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def static_files_unread(settings):
    """Each test's client would look through all static files before its first request. Who serves them collects them."""
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    """No test writes where the site keeps its files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path


@pytest.fixture(autouse=True)
def nothing_at_hand():
    """A process keeps the salts of its day, and pages by their rows; each test has rows, and so both, of its own."""
    origins.forget_salts_at_hand()
    made_pages.pages.traces.clear()
