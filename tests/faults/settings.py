"""The settings of the site under test: production's, but for waits that a test cannot sit through."""

from tests.browser.settings import *  # noqa: F403
from tests.browser.settings import CELERY_BEAT_SCHEDULE, CELERY_BROKER_TRANSPORT_OPTIONS

# A killed worker's job goes to another after seconds, and the clock is looked at every few.
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {"visibility_timeout": 5}
CELERY_BEAT_SCHEDULE["newsletter-tick"] |= {"schedule": 3.0}
