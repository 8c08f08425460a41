"""A site whose processes keep no page and remember nothing that they made: each page is made as if for the first time."""

from tests.browser.settings import *  # noqa: F403
from tests.browser.settings import MIDDLEWARE

MIDDLEWARE = ["tests.bench.middleware.Forgetful", *MIDDLEWARE]
PAGE_CACHE_MEGABYTES = 0
