"""When the votes of a case came, beside all votes on its tool: drawn as bars, told as rows."""

import datetime
from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from voting.models import Case, Vote

STEPS = [datetime.timedelta(hours=n) for n in (1, 3, 6, 12, 24, 72)]
MOST_BARS, BAR, HALF = 120, 6, 40


@dataclass(frozen=True, slots=True)
class Bar:
    """The votes of one stretch of time: all of them, and those of the case."""

    begins: datetime.datetime
    x: int
    ships: int
    skips: int
    case_ships: int
    case_skips: int
    scale: int

    def _height(self, votes: int) -> float:
        return round(votes * HALF / self.scale, 2)

    @property
    def up(self) -> float:
        return self._height(self.ships)

    @property
    def top(self) -> float:
        return round(HALF - self.up, 2)

    @property
    def down(self) -> float:
        return self._height(self.skips)

    @property
    def case_up(self) -> float:
        return self._height(self.case_ships)

    @property
    def case_top(self) -> float:
        return round(HALF - self.case_up, 2)

    @property
    def case_down(self) -> float:
        return self._height(self.case_skips)


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    step: datetime.timedelta
    shade_x: int
    shade_width: int

    @property
    def width(self) -> int:
        return max(BAR, len(self.bars) * BAR)

    @property
    def hours(self) -> int:
        return self.step // datetime.timedelta(hours=1)

    @property
    def busy(self) -> list[Bar]:
        return [bar for bar in self.bars if bar.ships or bar.skips]


def chart(case: Case) -> Chart:
    """Return the votes on the tool around the case, hour by hour where they fit. Two queries."""
    around = max(datetime.timedelta(days=1), (case.ends_at - case.begins_at) / 4)
    begins = (case.begins_at - around).replace(minute=0, second=0, microsecond=0)
    ends = min(case.ends_at + around, timezone.now())
    step = next((it for it in STEPS if (ends - begins) / it < MOST_BARS), STEPS[-1])
    votes = Vote.objects.filter(tool=case.tool_id, changed_at__gte=begins, changed_at__lte=ends)
    said, mine = _by_step(votes, begins, step), _by_step(votes.filter(in_cases__case=case), begins, step)
    number = min(MOST_BARS * 4, int((ends - begins) / step) + 1) if ends > begins else 1
    scale = max(1, *(n for sides in said.values() for n in sides.values()), 0)
    bars = [
        Bar(begins + n * step, n * BAR, said[n][1], said[n][-1], mine[n][1], mine[n][-1], scale) for n in range(number)
    ]
    first, last = (min(number - 1, max(0, int((at - begins) / step))) for at in (case.begins_at, case.ends_at))
    return Chart(bars, step, first * BAR, (last - first + 1) * BAR)


def _by_step(votes: QuerySet[Vote], begins: datetime.datetime, step: datetime.timedelta) -> dict[int, Counter[int]]:
    rows = votes.exclude(value=Vote.WITHDRAWN).annotate(hour=TruncHour("changed_at")).values("hour", "value").order_by()
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for hour, value, n in rows.annotate(n=Count("pk")).values_list("hour", "value", "n"):
        found[max(0, int((hour - begins) / step))][value] += n
    return found
