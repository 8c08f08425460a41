"""The settings of a site that is started to be looked at: its files are its own, so that a developer's stay as they are."""

import os
from pathlib import Path

from config.settings import *  # noqa: F403

VAR_DIR = Path(os.environ["SITE_FOLDER"])
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "media"
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
