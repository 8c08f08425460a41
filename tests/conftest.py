"""What every test can ask for."""

import pytest

from voting import origins


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Passwords are hashed for safety in production, not in tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    """No test writes where the site keeps its files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path


@pytest.fixture(autouse=True)
def no_salts_at_hand():
    """A process keeps the salts of its day; each test has a database, and so salts, of its own."""
    origins.forget_salts_at_hand()
