"""Which votes count: a judge of streams of votes that knows no database, no addresses and no clock of its own.

Votes are told in time order with `receive`, which says what becomes of a vote at the click; `review` is the hourly pass
and says which earlier decisions it changes. What voters, addresses, networks and browsers are is opaque: equal or not.

One vote cannot be told from another, so groups are judged, and always by the same question: are there more votes on one
side than voters like these could have cast? The reference is what voters with history say of the tool at the same time,
then what was said of it before, then what is said of all tools. A crowd may differ from it, by a tolerance and by what
chance allows; what lies beyond is excess, and held until a person, or later votes, say otherwise. No more is held than
brings the number back to where it was. An honest crowd from a news site has both sides in it; a bought one has not.

Where votes are too few to hold any, a percentage that strangers have moved is withheld instead: it costs no vote.

Ideas: comparing groups in lockstep (Cao et al., "Uncovering Large Groups of Active Malicious Accounts in Online Social
Networks", CCS 2014), capping what the unknown can add (Tran et al., "Sybil-Resilient Online Content Voting", NSDI 2009),
deciding apart from recording (Hacker News), trimming instead of discarding a period (against Steam's example), a sum of
evidence that is not tested anew each hour (Page, "Continuous Inspection Schemes", Biometrika 1954), and one side of a
crowd as the control group of the other (as negative controls are used in epidemiology: Lipsitch et al., 2010).
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from voting.evidence import (
    COUNTED,
    DAY,
    DISCARDED,
    HELD,
    HOUR,
    ONE_SIDED,
    TOLERANCE_NOW,
    TOLERANCE_PAST,
    Ballot,
    Reference,
    Timeline,
    excess,
    gain_of_turn,
    log_tail_binomial,
    log_tail_poisson,
)

__all__ = [
    "COUNTED",
    "DAY",
    "DISCARDED",
    "HELD",
    "HOUR",
    "Ballot",
    "Detector",
    "Reference",
    "log_tail_binomial",
    "log_tail_poisson",
]

MEMORY = 14 * DAY  # how long anything about addresses is remembered
WINDOWS = (6 * HOUR, DAY, 3 * DAY, 10 * DAY, 28 * DAY)  # the spans of time in which a crowd is looked for
LEAST_DAYS = 7  # of fewer days the middle one is no measure
LEAST_GROUP = 8  # fewer votes show no percentage, and no pattern
ENOUGH_NEW = 0.01  # a tool is looked at again once so many of its votes are new, and every day
PAST_VOTES, PRIOR_VOTES = 14.0, 6.0  # how many votes the tool's past and the site's share are worth as reference

# As logs of chances. How unlikely an excess must be before votes are held for it; the same where the beginning of the
# span was chosen by the votes themselves; and for rate and opinion together, where opinion alone says at least the last.
CHANCE, TURNED = math.log(1e-4), 1.6 * math.log(1e-4)
SURPRISE, HINT = -12.0, -3.6
CROWDED = math.log(1e-5)  # how unlikely a network's number of votes on one tool must be

# Evidence (in nats) that strangers have turned, and by how much they must have moved the percentage, to withhold it; how
# many votes the past is worth in that; and a turn this much older needs a nat more to be believed.
DOUBTFUL, MOVED, TURN_VOTES, TURN_AGES, TURN_FADES = 1.8, 0.05, 60.0, 2.5 * DAY, 25.0
# Evidence from which on a turn is beyond doubt, and votes are held for it, if voters with history do not make it: how
# much likelier what they say must be where they think as before; and when to give back.
PLAIN, CONTRADICTED, TURN_OVER = 8.0, 2.5, -0.7
LOSS = math.log(0.5)  # what a vote for the other side adds, if half of a side is bought

# Votes hidden in a surge: of how many strangers on, how many standard errors, and up to which share of the other side a
# kind of voter still tells anything. Of the surplus only a part is held: about every second of its kind is honest.
HIDDEN_LEAST, HIDDEN_SURE, TELLING = 100, 4.0, 0.85
HIDDEN_PART, HIDDEN_PART_OF_HASTY, SITE_VOTES = 0.7, 0.8, 100.0
BUSY_NETWORK = 5  # votes within `MEMORY` that make a network one of many people

QUICK_SECONDS, HASTE = 2.5, 9.0  # readers rarely vote that soon after a page has opened; seven of eight take longer
STAYS = (0.8, 2.5, 6.0, HASTE, 15.0)  # steps by which stays on the page are compared with those of trapped bots
TRAPPED, TAINTED = 0.2, 2.0  # how many of a bot's votes a trap catches; bots per reader from which votes are held
REGULARS_LEAST, REGULARS_SHARE, REGULARS_MOST = 4, 0.12, 12
UNKNOWN = Ballot(0, 0.0, None, None, 0)  # what is known of a vote whose signals have been deleted
COMMON_MAIL = frozenset({"gmail.com", "outlook.com", "icloud.com", "proton.me", "hotmail.com", "yahoo.com", "gmx.de"})


@dataclass(slots=True)
class Voter:
    tools: set[Hashable] = field(default_factory=set)
    first: float = 0.0
    last: float = 0.0
    account_at: float = 0.0


@dataclass(slots=True)
class Place:
    """What has come from an address or network within `MEMORY`."""

    votes: int = 0
    settled: int = 0
    traps: int = 0


@dataclass(slots=True, eq=False)
class Episode:
    """A crowd whose excess was held, looked at again while more is learned about it."""

    tool: Hashable
    side: int
    begins: float
    ends: float
    opened: float
    rule: str
    two_sided: bool  # whether the other side came in numbers as well
    enough: float  # what is held is given back once its share is no more surprising than this


@dataclass(slots=True)
class View:
    """A tool's votes as one pass sees them. Its timeline holds those nothing speaks against."""

    tool: Hashable
    now: float
    ballots: list[Ballot]
    standing: dict[int, int]
    timeline: Timeline = field(init=False)

    def renew(self) -> None:
        self.timeline = Timeline(self.ballots, self.standing)

    def strangers(self, begins: float, *rules: str) -> list[Ballot]:
        """Return the votes of voters without much history after `begins` that are held by one of these rules, or none."""
        standing = self.standing
        return [it for it in self.ballots if it.at > begins and it.value and it.rule in rules and standing[it.id] < 2]


class Detector:
    def __init__(self) -> None:
        self.voters: dict[Hashable, Voter] = {}
        self.now_of: dict[Hashable, dict[Hashable, Ballot]] = defaultdict(dict)
        self.times_of: dict[Hashable, list[float]] = defaultdict(list)
        self.addresses: dict[Hashable, Place] = defaultdict(Place)
        self.networks: dict[Hashable, Place] = defaultdict(Place)
        self.wides: dict[Hashable, Place] = defaultdict(Place)
        self.agents: Counter[Hashable] = Counter()
        self.recent: deque[tuple[float, Ballot, bool]] = deque()
        self.by_domain: dict[tuple[str, Hashable], list[Ballot]] = defaultdict(list)
        self.domains: Counter[str] = Counter()
        self.site = [0, 0]
        self.middling, self.began = 0.0, math.inf
        self.stays: Counter[tuple[bool, int]] = Counter()
        self.in_doubt: set[Hashable] = set()
        self.touched: set[Hashable] = set()
        self.mailed: set[Hashable] = set()
        self.fresh: dict[Hashable, float] = defaultdict(float)
        self.episodes: list[Episode] = []
        self.changes: dict[int, Ballot] = {}
        self.judged: set[int] = set()  # votes whose state or rule was set; whoever carries it out empties it
        self.last_full_review = 0.0

    # Voters

    def merge(self, guest: Hashable, account: Hashable) -> None:
        """Let a guest who has signed in go on as an account; of two votes on a tool the later stands, and the worse state."""
        old = self.voters.pop(guest, None)
        if old is None:
            return
        known = self.voters.setdefault(account, Voter(first=old.first))
        known.tools |= old.tools
        known.first, known.last = min(known.first or old.first, old.first), max(known.last, old.last)
        for tool in old.tools:
            ballots = self.now_of[tool]
            moved = ballots.pop(guest, None)
            if moved is None:
                continue
            present = ballots.get(account)
            if present is None or present.at <= moved.at:
                if present is not None and present.rule and not moved.rule:
                    moved.rule, moved.state = present.rule, present.state
                moved.voter = account
                ballots[account] = moved

    def standing(self, voter: Hashable, now: float) -> int:
        """Return 0 for one tool and no history, 1 for a little, 2 for history over days, 3 for weeks. It grows by use."""
        it = self.voters[voter]
        many, span = len(it.tools), it.last - it.first
        aged = it.account_at and now - it.account_at > DAY
        if many >= 8 and span >= 21 * DAY:
            return 3
        if many >= 2 and (aged or span >= DAY):
            return 2
        return 1 if many >= 2 or aged else 0

    def has_regulars(self, tool: Hashable, now: float) -> bool:
        """Tell whether enough of the counted votes come from voters with history for a percentage to be shown."""
        if tool in self.in_doubt:
            return False
        counted = [it for it in self.now_of[tool].values() if it.value and it.state == COUNTED]
        regulars = sum(self.standing(it.voter, now) >= 2 for it in counted)
        return regulars >= max(REGULARS_LEAST, min(REGULARS_MOST, REGULARS_SHARE * len(counted)))

    # At the click

    def receive(self, ballot: Ballot, account_at: float = 0.0) -> str:
        """Take a vote in and return what becomes of it now. A change of mind keeps its state: it launders nothing."""
        self.began = min(self.began, ballot.at)
        voter = self.voters.setdefault(ballot.voter, Voter(first=ballot.at))
        voter.tools.add(ballot.tool)
        voter.last = ballot.at
        voter.account_at = account_at or voter.account_at
        standing = self.standing(ballot.voter, ballot.at)
        before = self.now_of[ballot.tool].get(ballot.voter)
        self.now_of[ballot.tool][ballot.voter] = ballot
        self.touched.add(ballot.tool)
        self.fresh[ballot.tool] += 1
        if before is not None:
            ballot.state, ballot.rule, ballot.waits = before.state, before.rule, before.waits
            self.changes.pop(before.id, None)
            return ballot.state
        self.times_of[ballot.tool].append(ballot.at)
        self._remember(ballot, standing)
        if ballot.honeypot:
            ballot.state, ballot.rule = DISCARDED, "trap"
        elif standing < 2 and self._is_above_normal(ballot):
            ballot.state, ballot.waits = HELD, True
            self.fresh[ballot.tool] = math.inf
        return ballot.state

    def _remember(self, ballot: Ballot, standing: int) -> None:
        settled = standing >= 1
        self._note_place(ballot, settled, 1)
        self.recent.append((ballot.at, ballot, settled))
        if ballot.domain and ballot.domain not in COMMON_MAIL:
            self.domains[ballot.domain] += 1
            self.by_domain[ballot.domain, ballot.tool].append(ballot)
            self.mailed.add(ballot.tool)

    def _places(self, ballot: Ballot) -> list[tuple[dict[Hashable, Place], Hashable]]:
        return [(self.addresses, ballot.address), (self.networks, ballot.network), (self.wides, ballot.wide)]

    def _forget(self, now: float) -> None:
        while self.recent and self.recent[0][0] < now - MEMORY:
            _, ballot, settled = self.recent.popleft()
            self._note_place(ballot, settled, -1)

    def _note_place(self, ballot: Ballot, settled: bool, by: int) -> None:
        for places, key in self._places(ballot):
            place = places[key]
            place.votes += by
            place.settled += by * settled
            place.traps += by * ballot.honeypot
            if place.votes <= 0:
                del places[key]
        self.agents[ballot.agent] += by
        self._note_stay(ballot, settled, by)

    def rename(self, told: Mapping[int, Mapping[str, Any]]) -> None:
        """Take in anew where votes came from: with each day's salt places have other names, and those of old votes none."""
        unknown = {
            name: getattr(UNKNOWN, name) for name in ("address", "network", "wide", "agent", "referrer", "dwell")
        }
        ballots = {id(it): it for known in self.now_of.values() for it in known.values() if it.address or it.id in told}
        for it in (*ballots.values(), *(it for _, it, _ in self.recent)):
            for name, value in (told.get(it.id) or unknown).items():
                setattr(it, name, value)
        for counts in (self.addresses, self.networks, self.wides, self.agents, self.stays):
            counts.clear()
        for _, ballot, settled in self.recent:
            self._note_place(ballot, settled, 1)

    def _is_above_normal(self, ballot: Ballot) -> bool:
        """Tell whether the last hour brought this tool more votes than its fortnight lets expect."""
        times = self.times_of[ballot.tool]
        hour = len(times) - bisect_left(times, ballot.at - HOUR)
        fortnight = len(times) - bisect_left(times, ballot.at - MEMORY)
        normal = (fortnight - hour) / (MEMORY / HOUR)
        return hour >= 3 and log_tail_poisson(hour, normal + 0.2) < math.log(0.01)

    # The hourly pass

    def review(self, now: float) -> list[Ballot]:
        """Look at what has come in, and return the votes whose state is another now, each with its rule."""
        self._forget(now)
        if now - self.last_full_review >= DAY:
            self.last_full_review = now
            self.touched = set(self.now_of)
            self._count_site(now)
            self.fresh.update(dict.fromkeys(self.touched, math.inf))
        for tool in self.touched:
            self._review_tool(tool, now)
        self.touched = set()
        self._revisit(now)
        found, self.changes = list(self.changes.values()), {}
        return found

    def _count_site(self, now: float) -> None:
        ships = n = 0
        for ballots in self.now_of.values():
            for it in ballots.values():
                if it.value and it.state == COUNTED:
                    n += 1
                    ships += it.value > 0
        self.site = [ships, n]
        for times in self.times_of.values():
            del times[: bisect_left(times, now - MEMORY)]
        rates = sorted(map(len, self.times_of.values()))
        self.middling = rates[len(rates) // 2] / MEMORY if rates else 0.0

    def _set(self, ballot: Ballot, state: str, rule: str) -> None:
        ballot.rule, ballot.waits = rule, False
        self.judged.add(ballot.id)
        if ballot.state != state:
            ballot.state = state
            self.changes[ballot.id] = ballot

    def _review_tool(self, tool: Hashable, now: float) -> None:
        self._lockstep_mail(tool)
        if self.fresh[tool] < ENOUGH_NEW * len(self.now_of[tool]):
            return
        ballots = [it for it in self.now_of[tool].values() if it.state != DISCARDED]
        self.fresh[tool] = 0
        view = self._view(tool, ballots, now)
        self._places_of(view)
        self._tainted(view)
        self._crowds(view)
        for it in ballots:
            if it.waits:
                self._set(it, COUNTED, "")

    def _view(self, tool: Hashable, ballots: list[Ballot], now: float) -> View:
        return View(tool, now, ballots, {it.id: self.standing(it.voter, now) for it in ballots})

    def _lockstep_mail(self, tool: Hashable) -> None:
        """Three accounts of one rare mail domain on one tool do not meet by chance."""
        if tool not in self.mailed:
            return
        self.mailed.discard(tool)
        for ballot in self.now_of[tool].values():
            if ballot.domain and ballot.domain not in COMMON_MAIL and self.domains[ballot.domain] < 60:
                group = {it.voter for it in self.by_domain[ballot.domain, tool]}
                if len(group) >= 3 and ballot.rule != "mail":
                    self._set(ballot, HELD, "mail")

    def _tainted(self, view: View) -> None:
        """Strangers from where traps were filled: as many bots more as a trap misses, and as hasty as the trapped ones."""
        for it in view.ballots:
            if it.rule or view.standing[it.id] >= 1 or it.at < view.now - MEMORY or not it.value:
                continue
            for place in (self.wides.get(it.wide), self.networks.get(it.network)):
                if place is None or not place.traps:
                    continue
                bots = place.traps / TRAPPED
                people = max(0.5, place.settled, place.votes - place.settled - bots)
                if bots / people * self._hurry(it.dwell) > TAINTED:
                    self._set(it, HELD, "network")
                    break

    def _hurry(self, dwell: float) -> float:
        """Return how much more common such a stay on the page is with trapped bots than with voters of some history."""
        step = bisect_right(STAYS, dwell)
        usual = (self.stays[True, step] + 1) / (self.stays[True, -1] + len(STAYS) + 1)
        trapped = self.stays[False, step] + 2 * usual
        return max(0.3, trapped / (self.stays[False, -1] + 2) / usual)

    def _note_stay(self, ballot: Ballot, settled: bool, by: int) -> None:
        if settled or ballot.honeypot:
            for step in (bisect_right(STAYS, ballot.dwell), -1):
                self.stays[not ballot.honeypot, step] += by

    def _places_of(self, view: View) -> None:
        """Crowds of one address or network: more of them on this tool than the place's share of all votes explains."""
        low = view.strangers(view.now - 10 * DAY, "", "crowd")
        if len(low) < 3:
            return
        for kind, places in (("address", self.addresses), ("network", self.networks), ("wide", self.wides)):
            place_of = attrgetter(kind)
            counts = Counter(map(place_of, low))
            for key, count in counts.items():
                if count < 3 or not key or (kind == "wide" and ":" not in str(key)):
                    continue
                group = [it for it in low if place_of(it) == key]
                place = places.get(key, Place())
                elsewhere = max(0, place.votes - len(group)) + 0.3
                if kind == "address":  # of a shared network each address has some share
                    network = self.networks.get(group[0].network, Place())
                    here = sum(it.network == group[0].network for it in low)
                    elsewhere = max(elsewhere, max(0, network.votes - here) / 8)
                expected = len(low) * elsewhere / (len(self.recent) + 60.0)
                least_group = 2 + 0.15 * place.settled if kind == "address" else 3
                crowded = len(group) > least_group
                least = CROWDED + (6 - math.log(len(counts)) if kind == "address" else 0)
                if (crowded and log_tail_poisson(len(group), max(0.3, expected)) < least) or (
                    kind == "address" and len(group) >= LEAST_GROUP
                ):
                    self._judge_place(view, kind, group)

    def _judge_place(self, view: View, kind: str, group: list[Ballot]) -> None:
        """Hold a crowd of one place unless it looks like a room of people: several browsers, and both sides."""
        agent, most = Counter(it.agent for it in group).most_common(1)[0]
        known = self.agents[agent] / max(1, sum(self.agents.values()))
        one_browser = log_tail_binomial(most, len(group), min(0.9, known + 0.15)) < math.log(0.01)
        inside = set(map(id, group))
        others = [it for it in view.ballots if id(it) not in inside]
        reference = self._reference(Timeline(others, view.standing), view.now - 10 * DAY, view.now)
        for side in (1, -1):
            mine = [it for it in group if it.value == side]
            if len(mine) < len(group) / 2:
                continue
            one_sided = log_tail_binomial(len(mine), len(group), reference.most(side)) < math.log(0.02)
            if one_browser or one_sided or len(group) < 6:
                for it in mine if one_sided and not one_browser else group:
                    self._set(it, HELD, kind)

    # Crowds

    def _reference(self, timeline: Timeline, begins: float, ends: float) -> Reference:
        """Return what voters with history say at the time, with a little of the past and of the whole site."""
        hs: float
        hn: float
        hs, hn = timeline.count((2,), begins, ends)
        if hn < 6:  # strangers who also voted on other tools are second best
            ms, mn = timeline.count((1,), begins, ends)
            trust = 0.5
            hs, hn = hs + ms * trust, hn + mn * trust
        ps, pn = timeline.count((0, 1, 2), -math.inf, begins)
        ws, wn = self.site
        fade = 1 / (1 + hn / 12)  # the more is known of these days, the less the past says
        weight = min(PAST_VOTES, pn) * fade
        prior = PRIOR_VOTES * fade
        ships = hs + (ps / pn * weight if pn else 0.0) + (ws + 13.0) / (wn + 20.0) * prior
        votes = hn + weight + prior
        tolerance = (TOLERANCE_NOW * hn + TOLERANCE_PAST * (weight + prior)) / votes
        return Reference(min(0.97, max(0.03, ships / votes)), votes, tolerance)

    def _crowds(self, view: View) -> None:
        now = view.now
        view.renew()
        for episode in self.episodes:
            if episode.tool == view.tool and episode.rule == "crowd" and now - episode.ends <= 2 * DAY:
                self._balance(episode, view, follow=True)
        turns, looked_at = self._turns(view), len(view.timeline.ballots)
        for side, (evidence, since) in turns.items():
            if evidence >= PLAIN and self._contradiction(view, side, since) > CONTRADICTED:
                low, reference = self._calm(view, view.strangers(since, "")), self._reference(view.timeline, since, now)
                others = sum(it.value != side for it in low)
                if len(low) >= LEAST_GROUP and others <= self._usual(view.timeline, since, now):
                    self._hold_most(view, low, reference, side, "crowd", TURN_OVER)
                    view.renew()
        for window in (now - max(turns.values())[1], *WINDOWS):
            begins = now - window
            if view.timeline.strangers(begins, now) >= LEAST_GROUP:
                low = view.strangers(begins, "")
                reference = self._reference(view.timeline, begins, now)
                usual = self._usual(view.timeline, begins, now)
                pace = log_tail_poisson(len(low), usual) if window in WINDOWS else 0.0
                chance = CHANCE if window in WINDOWS else TURNED
                mild = self._calm(view, low) if window > 3 * DAY else low
                if self._hold_excess(view, mild, reference, "crowd", usual, pace, chance):
                    view.renew()
                    continue
                if pace <= SURPRISE and self._hold_hidden(view, begins, usual):
                    view.renew()
            if window <= 3 * DAY:
                self._sleepers(view, begins)
        if len(view.timeline.ballots) != looked_at:
            turns = self._turns(view)
        self._note_doubt(view, turns)

    def _usual(self, timeline: Timeline, begins: float, now: float) -> float:
        """Return how many strangers the weeks before let expect since `begins`; infinitely many if there are none.

        A tool too young to have weeks before is measured by the middle tool of the site, once the site has some.
        """
        window = now - begins
        oldest = timeline.times[0] if timeline.times else now
        span = min(max(3 * window, MEMORY), begins - oldest)
        if span >= window:
            return 1 + 1.25 * (timeline.strangers(begins - span, begins) + 1) * window / span
        return math.inf if oldest < self.began + MEMORY else 3 + 1.25 * self.middling * window

    def _calm(self, view: View, group: list[Ballot]) -> list[Ballot]:
        """Return those of a long span's votes that did not come on days of a surge with both sides in it.

        Such a surge has been judged by itself, while it was young; what comes on the other days is another matter.
        """
        age = int((view.now - view.timeline.times[0]) // DAY) if view.timeline.times else 0
        if age < LEAST_DAYS:
            return group
        now = view.now
        days = [view.timeline.count((0, 1), now - (day + 1) * DAY, now - day * DAY) for day in range(min(28, age))]
        usual = 1 + 1.25 * sorted(n for _, n in days)[len(days) // 2]
        busy = {
            day
            for day, (ships, n) in enumerate(days)
            if min(ships, n - ships) > max(usual, LEAST_GROUP, (1 - ONE_SIDED) * n)
            and log_tail_poisson(n, usual) < SURPRISE
        }
        return [it for it in group if int((now - it.at) // DAY) not in busy] if busy else group

    def _turns(self, view: View) -> dict[int, tuple[float, float]]:
        """Return, for each side, a running sum of the evidence that strangers are bought for it, and since when it runs.

        Page's CUSUM: each vote adds the log of how much likelier it is where half of a side is bought; the sum never
        falls below nothing, so that it forgets what was before the turn, and it is not tested anew each hour.
        """
        now = view.now
        found = {1: (0.0, now), -1: (0.0, now)}
        if view.timeline.strangers(now - WINDOWS[-1], now) < LEAST_GROUP:
            return found
        prior = PRIOR_VOTES * (self.site[0] + 13.0) / (self.site[1] + 20.0)
        votes = [(it.at, it.value, view.standing[it.id] < 2) for it in view.timeline.ballots]
        for side in (1, -1):
            total, since, gain = 0.0, now, 0.0
            ships, n = prior, PRIOR_VOTES
            late_ships = late = 0
            for at, value, stranger in votes:
                if stranger:
                    if total <= 0:  # what came until here is the past that the next votes are measured by
                        ships, n, late_ships, late = ships + late_ships, n + late, 0, 0
                        gain = gain_of_turn(round(100 * ships / n), int(min(n, TURN_VOTES)), side)
                        total, since = 0.0, at - 1
                    total += gain if value == side else LOSS
                late += 1
                late_ships += value > 0
            found[side] = max(0.0, total), since
        return found

    def _contradiction(self, view: View, side: int, since: float) -> float:
        """Return how much more likely (in nats) what voters with history say is if a turn of strangers is theirs alone."""
        ships, n = view.timeline.count((2,), since, view.now)
        mine = ships if side > 0 else n - ships
        ships_then, n_then = view.timeline.count((0, 1, 2), -math.inf, since)
        ships_low, n_low = view.timeline.count((0, 1), since, view.now)
        then, low = (ships_then + 4) / (n_then + 6), (ships_low + 1) / (n_low + 2)
        if side < 0:
            then, low = 1 - then, 1 - low
        if low <= then:
            return 0.0
        return mine * math.log(then / low) + (n - mine) * math.log((1 - then) / (1 - low))

    def _note_doubt(self, view: View, turns: dict[int, tuple[float, float]]) -> None:
        """Withhold the percentage, not the votes, where strangers may have moved it, until more voters have come."""
        timeline, now = view.timeline, view.now
        self.in_doubt.discard(view.tool)
        ships, n = timeline.count((0, 1, 2), -math.inf, now)
        if n < LEAST_GROUP:
            return
        for side in (1, -1):
            evidence, since = turns[side]
            s, m = timeline.count((0, 1), since, now)
            age, against = (now - since) / TURN_AGES, self._contradiction(view, side, since)
            if m > n / 2 and evidence > DOUBTFUL / 2 and against > CONTRADICTED:
                # Strangers are most of all there is, and voters with history say otherwise: time alone clears nothing.
                evidence, age = evidence + against, min(age, m / TURN_FADES)
            if evidence < max(DOUBTFUL, age):  # an old turn must be plain
                continue
            mine = s if side > 0 else m - s
            usual = self._reference(timeline, since, now).of(side)
            bought = mine - (m - mine) * usual / (1 - usual)
            of_side = ships if side > 0 else n - ships
            if n - bought > 0 and of_side / n - (of_side - bought) / (n - bought) > MOVED:
                self.in_doubt.add(view.tool)

    def _hold_hidden(self, view: View, begins: float, usual: float) -> bool:
        """Hold the excess of voters nothing is known of on one side of a surge.

        In an honest crowd those who say ship and those who say skip come by the same ways. Votes hidden in it for one
        side come by their own, so that side has more of a kind than the other side lets expect.
        """
        low = view.strangers(begins, "", "hidden")
        if len(low) < HIDDEN_LEAST:
            return False
        done = False
        hasty = sum(self.stays[True, step] for step in range(STAYS.index(HASTE) + 1))
        hasty_share = (hasty + 7) / (self.stays[True, -1] + 50)
        for side in (1, -1):
            mine = [it for it in low if it.value == side]
            others = [it for it in low if it.value != side]
            for kind, prior, part in (
                (self._is_unknown, 0.0, HIDDEN_PART),
                (self._is_quick, SITE_VOTES, HIDDEN_PART_OF_HASTY),
            ):
                of_kind = [it for it in mine if kind(it)]
                rest = len(mine) - len(of_kind)
                seen = sum(map(kind, others))
                m = len(others) + prior
                if m < 30 or len(others) < 3 * usual:
                    continue
                q = (seen + prior * hasty_share + 1) / (m + 2)
                odds = q / (1 - q)
                surplus = len(of_kind) - rest * odds
                error = math.sqrt(len(of_kind) + rest * odds**2 + rest**2 * q / (1 - q) ** 3 / m)
                if q > TELLING or surplus < HIDDEN_SURE * error:
                    continue
                free = sorted((it for it in of_kind if not it.rule), key=self._doubt, reverse=True)
                held = len(of_kind) - len(free)
                for it in free[: max(0, int(surplus * part) - held)]:
                    self._set(it, HELD, "hidden")
                    done = True
                break
        return done

    def _is_unknown(self, ballot: Ballot) -> bool:
        network = self.networks.get(ballot.network)
        return len(self.voters[ballot.voter].tools) == 1 and (network is None or network.votes < BUSY_NETWORK)

    @staticmethod
    def _is_quick(ballot: Ballot) -> bool:
        return ballot.dwell < HASTE

    def _balance(self, episode: Episode, view: View, *, follow: bool) -> None:
        """Hold as much of an episode's side as is excess by what is known now: more where it goes on, less later."""
        ends = view.now if follow else episode.ends + DAY
        # What was held stays in the group whatever history its voters gain: a vote elsewhere next day is cheap.
        accounts = episode.rule == "sleepers"
        rules = ("sleepers", "mail") if accounts else ("crowd",)
        inside = [it for it in view.ballots if it.value and episode.begins < it.at <= ends]
        group = [it for it in inside if it.rule in rules or (not it.rule and self._is_peer(view, it, accounts))]
        if not episode.two_sided:
            group = self._calm(view, group)
        mine = [it for it in group if it.value == episode.side]
        held = [it for it in mine if it.rule == episode.rule]
        if not held:
            return
        reference = self._reference(view.timeline, episode.begins, ends)
        if episode.two_sided:
            reference = reference.for_newcomers()
        opinion = log_tail_binomial(len(mine), len(group), reference.most(episode.side))
        want = excess(len(mine), len(group), reference, episode.side, two_sided=episode.two_sided)
        if opinion > episode.enough:
            want = 0
        change = want - len(held)
        if change > 0 and follow:
            free = sorted((it for it in mine if it.rule == ""), key=self._doubt, reverse=True)
            for it in free[:change]:
                self._set(it, HELD, episode.rule)
                episode.ends = view.now
        elif change < 0 and (not want or change < -2):
            for it in sorted(held, key=self._doubt)[:-change]:
                self._set(it, COUNTED, "")
        if change:
            view.renew()

    @staticmethod
    def _is_peer(view: View, ballot: Ballot, accounts: bool) -> bool:
        """Tell whether a vote is of those a crowd is looked for among: strangers, or accounts with a little history."""
        return ballot.account and view.standing[ballot.id] == 2 if accounts else view.standing[ballot.id] < 2

    def _sleepers(self, view: View, begins: float) -> None:
        """Accounts with a little history that come all at once, and say what no other voter with history says."""
        known, now = view.timeline.ballots, view.now
        if view.timeline.count((2,), begins, now)[1] < 3:
            return
        mailed = [it for it in view.ballots if it.rule in ("mail", "sleepers") and it.value]
        group = [it for it in [*known, *mailed] if it.at > begins and self._is_peer(view, it, accounts=True)]
        if len(group) < LEAST_GROUP:
            return
        usual = sum(1 for it in known if it.at <= begins and it.account and begins - it.at < 28 * DAY)
        if log_tail_poisson(len(group), 0.5 + usual * (now - begins) / (28 * DAY)) > CROWDED:
            return
        inside = set(map(id, group))
        others = [it for it in known if id(it) not in inside]
        reference = self._reference(Timeline(others, view.standing), begins, now)
        self._hold_excess(view, group, reference, "sleepers")

    def _hold_excess(
        self,
        view: View,
        group: list[Ballot],
        reference: Reference,
        rule: str,
        usual: float = math.inf,
        pace: float = 0.0,
        chance: float = CHANCE,
    ) -> bool:
        n = len(group)
        if n < LEAST_GROUP:
            return False
        for side in (1, -1):
            mine = [it for it in group if it.value == side]
            # Where the other side alone is more than all strangers used to be, honest people have come too.
            two_sided = n - len(mine) > usual
            measure = reference.for_newcomers() if two_sided else reference
            opinion = log_tail_binomial(len(mine), n, measure.most(side))
            by_pace = opinion > chance
            if by_pace and not (opinion < HINT and opinion + pace < SURPRISE):
                continue
            enough = HINT / 2 if by_pace else CHANCE / 2
            return self._hold_most(view, group, measure, side, rule, enough, two_sided=two_sided)
        return False

    def _hold_most(
        self,
        view: View,
        group: list[Ballot],
        reference: Reference,
        side: int,
        rule: str,
        enough: float,
        *,
        two_sided: bool = False,
    ) -> bool:
        """Hold what a group has too many of on a side, the most doubtful first."""
        mine = sorted((it for it in group if it.value == side), key=self._doubt, reverse=True)
        many = excess(len(mine), len(group), reference, side, two_sided=two_sided)
        held = [it for it in mine[:many] if not it.rule]
        for it in held:
            self._set(it, HELD, rule)
        if held:
            begins = min(it.at for it in held) - 1
            self._note_episode(Episode(view.tool, side, begins, view.now, view.now, rule, two_sided, enough))
        return bool(held)

    def _note_episode(self, new: Episode) -> None:
        """Open an episode, or widen the one that goes on."""
        for it in self.episodes:
            if (it.tool, it.side, it.rule) == (new.tool, new.side, new.rule) and new.begins < it.ends + 2 * DAY:
                it.begins, it.ends, it.two_sided = min(it.begins, new.begins), new.ends, it.two_sided or new.two_sided
                return
        self.episodes.append(new)

    def _doubt(self, ballot: Ballot) -> float:
        """Order votes of one side by how little speaks for them; ties by a number nobody can choose."""
        network = self.networks.get(ballot.network)
        doubt = 2.0 * (ballot.dwell < QUICK_SECONDS) + 1.0 * (ballot.dwell < HASTE)
        doubt += 2.0 * bool(network and network.traps)
        doubt -= 1.0 * (len(self.voters[ballot.voter].tools) > 1) + 0.5 * ballot.account
        return doubt + (ballot.id * 2654435761 % 65536) / 131072

    def _revisit(self, now: float) -> None:
        """Give back what was held of a crowd once voters with history, or the other side, have caught up with it."""
        kept = []
        for episode in self.episodes:
            age = now - episode.opened
            if age > 28 * DAY:
                continue
            kept.append(episode)
            if age < 12 * HOUR or int(age // (6 * HOUR)) == int((age - HOUR) // (6 * HOUR)):
                continue
            view = self._view(episode.tool, list(self.now_of[episode.tool].values()), now)
            view.renew()
            self._balance(episode, view, follow=False)
        self.episodes = kept
