"""What every test can ask for."""

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Passwords are hashed for safety in production, not in tests."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    """No test writes where the site keeps its files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VAR_DIR = tmp_path
