"""A site whose processes keep no page at hand: each comes from the store they share."""

from tests.browser.settings import *  # noqa: F403
from tests.browser.settings import MIDDLEWARE

MIDDLEWARE = ["tests.bench.middleware.SharedOnly", *MIDDLEWARE[1:]]
