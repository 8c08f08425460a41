"""The schedule, kept going when the clock of its machine is set back."""

import datetime
from typing import Any

import structlog
from celery.beat import PersistentScheduler, ScheduleEntry

SLACK = datetime.timedelta(seconds=60)
logger = structlog.get_logger(__name__)


class Scheduler(PersistentScheduler):
    """Celery's, but for one thing: a job that last ran in the future would wait until that future has come.

    A clock that ran a day ahead and was mended would stop the weekly mail for a day. Such jobs count as run now.
    """

    def setup_schedule(self) -> None:
        super().setup_schedule()
        self.come_back()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self.come_back()
        return super().tick(*args, **kwargs)

    def come_back(self) -> None:
        """Set every job that last ran in the future to now, and reckon anew what comes next."""
        now = self.app.now()
        ahead: list[ScheduleEntry] = [it for it in self.schedule.values() if it.last_run_at > now + SLACK]
        if ahead:
            logger.warning("clock_was_set_back", jobs=sorted(it.name for it in ahead))
            for entry in ahead:
                entry.last_run_at = now
            self._heap = None
