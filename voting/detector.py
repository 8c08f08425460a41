"""Which votes count: a judge of streams of votes that knows no database, no addresses and no clock of its own.

Votes are told in time order with `receive`, which says what becomes of a vote at the click; `review` is the hourly pass
and says which earlier decisions it changes. What voters, addresses, networks and browsers are is opaque: equal or not.

One vote cannot be told from another, so groups are judged, and always by the same question: are there more votes on one
side than voters like these could have cast? The reference is what voters with history say of the tool at the same time,
then what was said of it before, then what is said of all tools. A crowd may differ from it, by `TOLERANCE` and by what
chance allows; what lies beyond is excess, and held until a person, or later votes, say otherwise. An honest crowd from
a news site has both sides in it; a bought one has not.

Ideas: comparing groups in lockstep (Cao et al., "Uncovering Large Groups of Active Malicious Accounts in Online Social
Networks", CCS 2014), capping what the unknown can add (Tran et al., "Sybil-Resilient Online Content Voting", NSDI 2009),
deciding apart from recording (Hacker News), trimming instead of discarding a period (against Steam's example).
"""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

HOUR, DAY = 3_600.0, 86_400.0
COUNTED, HELD, DISCARDED = "counted", "held", "discarded"

MEMORY = 14 * DAY  # how long anything about addresses is remembered
# In log odds: how far an honest crowd's opinion may lie from that of other voters of the same days, and from the past.
TOLERANCE_NOW, TOLERANCE_PAST = 0.25, 0.8
CHANCE = math.log(1e-4)  # how unlikely an excess must be before a vote is held for it
SURPRISE, HINT = -12.0, -1.2  # the same for rate and opinion together, where the opinion alone says at least the second
CROWDED = math.log(1e-5)  # how unlikely a network's number of votes on one tool must be
WINDOWS = (6 * HOUR, DAY, 3 * DAY, 10 * DAY, 28 * DAY)
LEAST_GROUP = 8  # fewer votes show no percentage, and no pattern
DOUBT = 1.3  # how many standard deviations of the reference itself are allowed for
PAST_VOTES, PRIOR_VOTES = 14.0, 6.0  # how many votes the tool's past and the site's share are worth as reference
MOSTLY_BOUGHT = 0.5  # from this share of excess on, the whole side of a group is held
ONE_SIDED = 0.85  # a crowd with fewer of one side has other people in it, and is only trimmed
QUICK_SECONDS = 2.5  # readers rarely vote that soon after a page has opened
REGULARS_LEAST, REGULARS_SHARE, REGULARS_MOST = 4, 0.12, 12
COMMON_MAIL = frozenset({"gmail.com", "outlook.com", "icloud.com", "proton.me", "hotmail.com", "yahoo.com", "gmx.de"})


@dataclass(slots=True, eq=False)
class Ballot:
    """A vote, with what a judge may know of it. `value` is 1, -1, or 0 for one that was withdrawn."""

    id: int
    at: float
    voter: Hashable
    tool: Hashable
    value: int
    address: Hashable = ""
    network: Hashable = ""
    wide: Hashable = ""
    agent: Hashable = ""
    referrer: str = ""
    dwell: float = 30.0
    honeypot: bool = False
    account: bool = False
    domain: str = ""
    state: str = COUNTED
    rule: str = ""
    waits: bool = False


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
    crude: int = 0


@dataclass(slots=True, eq=False)
class Episode:
    """A crowd whose excess was held, looked at again while more is learned about it."""

    tool: Hashable
    side: int
    begins: float
    ends: float
    opened: float
    rule: str


def log_tail_poisson(count: int, mean: float) -> float:
    """Return the log of the chance of `count` or more where `mean` are expected; 0 when that is no surprise."""
    if count <= mean or count <= 0:
        return 0.0
    log_term = -mean + count * math.log(mean) - math.lgamma(count + 1)
    total = term = 1.0
    for step in range(1, 400):
        term *= mean / (count + step)
        total += term
        if term < 1e-12:
            break
    return min(0.0, log_term + math.log(total))


def log_tail_binomial(count: int, n: int, share: float) -> float:
    """Return an upper bound of the log of the chance of `count` or more of `n`; 0 when that is no surprise (Chernoff)."""
    if n == 0 or count <= n * share:
        return 0.0
    p = count / n
    divergence = p * math.log(p / share) + ((1 - p) * math.log((1 - p) / (1 - share)) if p < 1 else 0.0)
    return -n * divergence


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def expit(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def sides(ballots: Iterable[Ballot]) -> tuple[int, int]:
    """Return the ships among some votes, and how many they are."""
    ships = n = 0
    for ballot in ballots:
        n += 1
        ships += ballot.value > 0
    return ships, n


@dataclass(frozen=True, slots=True)
class Reference:
    """What voters of a kind are expected to say: a share of ships and how many votes it rests on."""

    share: float
    votes: float
    tolerance: float

    def of(self, side: int) -> float:
        return self.share if side > 0 else 1 - self.share

    def most(self, side: int) -> float:
        """The highest share of a side that an honest crowd may have."""
        p = self.of(side)
        doubt = DOUBT / math.sqrt(self.votes * p * (1 - p))
        return min(0.985, expit(logit(p) + math.hypot(self.tolerance, doubt)))


class Detector:
    def __init__(self) -> None:
        self.voters: dict[Hashable, Voter] = {}
        self.now_of: dict[Hashable, dict[Hashable, Ballot]] = defaultdict(dict)
        self.addresses: dict[Hashable, Place] = defaultdict(Place)
        self.networks: dict[Hashable, Place] = defaultdict(Place)
        self.wides: dict[Hashable, Place] = defaultdict(Place)
        self.agents: Counter[Hashable] = Counter()
        self.recent: deque[tuple[float, Ballot, bool, bool]] = deque()
        self.by_domain: dict[tuple[str, Hashable], list[Ballot]] = defaultdict(list)
        self.domains: Counter[str] = Counter()
        self.site = [0, 0]
        self.touched: set[Hashable] = set()
        self.episodes: list[Episode] = []
        self.changes: dict[int, Ballot] = {}
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
        counted = [it for it in self.now_of[tool].values() if it.value and it.state == COUNTED]
        regulars = sum(self.standing(it.voter, now) >= 2 for it in counted)
        return regulars >= max(REGULARS_LEAST, min(REGULARS_MOST, REGULARS_SHARE * len(counted)))

    # At the click

    def receive(self, ballot: Ballot, account_at: float = 0.0) -> str:
        """Take a vote in and return what becomes of it now. A change of mind keeps its state: it launders nothing."""
        voter = self.voters.setdefault(ballot.voter, Voter(first=ballot.at))
        voter.tools.add(ballot.tool)
        voter.last = ballot.at
        voter.account_at = account_at or voter.account_at
        standing = self.standing(ballot.voter, ballot.at)
        before = self.now_of[ballot.tool].get(ballot.voter)
        self.now_of[ballot.tool][ballot.voter] = ballot
        self.touched.add(ballot.tool)
        if before is not None:
            ballot.state, ballot.rule, ballot.waits = before.state, before.rule, before.waits
            self.changes.pop(before.id, None)
            return ballot.state
        self._remember(ballot, standing)
        if ballot.honeypot:
            ballot.state, ballot.rule = DISCARDED, "trap"
        elif standing < 2 and self._is_above_normal(ballot):
            ballot.state, ballot.waits = HELD, True
        return ballot.state

    def _remember(self, ballot: Ballot, standing: int) -> None:
        crude = ballot.honeypot or ballot.dwell < 0.8
        settled = standing >= 1
        for places, key in self._places(ballot):
            place = places[key]
            place.votes += 1
            place.settled += settled
            place.crude += crude
        self.agents[ballot.agent] += 1
        self.recent.append((ballot.at, ballot, settled, crude))
        if ballot.domain and ballot.domain not in COMMON_MAIL:
            self.domains[ballot.domain] += 1
            self.by_domain[ballot.domain, ballot.tool].append(ballot)

    def _places(self, ballot: Ballot) -> list[tuple[dict[Hashable, Place], Hashable]]:
        return [(self.addresses, ballot.address), (self.networks, ballot.network), (self.wides, ballot.wide)]

    def _forget(self, now: float) -> None:
        while self.recent and self.recent[0][0] < now - MEMORY:
            _, ballot, settled, crude = self.recent.popleft()
            self.agents[ballot.agent] -= 1
            for places, key in self._places(ballot):
                place = places[key]
                place.votes -= 1
                place.settled -= settled
                place.crude -= crude
                if place.votes <= 0:
                    del places[key]

    def _is_above_normal(self, ballot: Ballot) -> bool:
        """Tell whether the last hour brought this tool more votes than its fortnight lets expect."""
        hour = fortnight = 0
        for other in self.now_of[ballot.tool].values():
            age = ballot.at - other.at
            hour += age < HOUR
            fortnight += age < MEMORY
        normal = (fortnight - hour) / (MEMORY / HOUR)
        return hour >= 3 and log_tail_poisson(hour, normal + 0.2) < math.log(0.01)

    # The hourly pass

    def review(self, now: float) -> list[Ballot]:
        """Look at what has come in, and return the votes whose state is another now, each with its rule."""
        self._forget(now)
        if now - self.last_full_review >= DAY:
            self.last_full_review = now
            self.touched = set(self.now_of)
            self._count_site()
        for tool in self.touched:
            self._review_tool(tool, now)
        self.touched = set()
        self._revisit(now)
        found, self.changes = list(self.changes.values()), {}
        return found

    def _count_site(self) -> None:
        ships = n = 0
        for ballots in self.now_of.values():
            for it in ballots.values():
                if it.value and it.state == COUNTED:
                    n += 1
                    ships += it.value > 0
        self.site = [ships, n]

    def _set(self, ballot: Ballot, state: str, rule: str) -> None:
        ballot.rule, ballot.waits = rule, False
        if ballot.state != state:
            ballot.state = state
            self.changes[ballot.id] = ballot

    def _review_tool(self, tool: Hashable, now: float) -> None:
        ballots = [it for it in self.now_of[tool].values() if it.state != DISCARDED]
        standing = {it.id: self.standing(it.voter, now) for it in ballots}
        self._lockstep_mail(tool)
        self._places_of(tool, ballots, standing, now)
        self._tainted(ballots, standing, now)
        self._crowds(tool, ballots, standing, now)
        for it in ballots:
            if it.waits:
                self._set(it, COUNTED, "")

    def _lockstep_mail(self, tool: Hashable) -> None:
        """Three accounts of one rare mail domain on one tool do not meet by chance."""
        for ballot in self.now_of[tool].values():
            if ballot.domain and ballot.domain not in COMMON_MAIL and self.domains[ballot.domain] < 60:
                group = {it.voter for it in self.by_domain[ballot.domain, tool]}
                if len(group) >= 3 and ballot.rule != "mail":
                    self._set(ballot, HELD, "mail")

    def _tainted(self, ballots: list[Ballot], standing: dict[int, int], now: float) -> None:
        """Networks that only ever sent traps and strangers; and hasty strangers from networks that have sent traps."""
        for it in ballots:
            if it.rule or standing[it.id] >= 1 or it.at < now - MEMORY or not it.value:
                continue
            wide, network = self.wides.get(it.wide), self.networks.get(it.network)
            strangers = wide is not None and wide.crude >= 1 and wide.votes >= 3 and wide.settled <= 0.1 * wide.votes
            hasty = network is not None and network.crude >= 1 and it.dwell < QUICK_SECONDS
            if strangers or hasty:
                self._set(it, HELD, "network")

    def _places_of(self, tool: Hashable, ballots: list[Ballot], standing: dict[int, int], now: float) -> None:
        """Crowds of one address or network: more of them on this tool than the place's share of all votes explains."""
        low = [
            it
            for it in ballots
            if standing[it.id] < 2 and it.value and it.rule in ("", "crowd") and it.at > now - 10 * DAY
        ]
        if len(low) < 3:
            return
        for kind, places in (("address", self.addresses), ("network", self.networks), ("wide", self.wides)):
            groups: dict[Hashable, list[Ballot]] = defaultdict(list)
            for it in low:
                groups[getattr(it, kind)].append(it)
            for key, group in groups.items():
                if len(group) < 3 or not key or (kind == "wide" and ":" not in str(key)):
                    continue
                place = places.get(key, Place())
                elsewhere = max(0, place.votes - len(group)) + 0.3
                expected = len(low) * elsewhere / (len(self.recent) + 60.0)
                if kind == "address":
                    crowded = len(group) > 2 + 0.15 * place.settled
                else:
                    crowded = len(group) >= 4
                least = CROWDED + 4 * (kind == "address")
                if (crowded and log_tail_poisson(len(group), max(0.3, expected)) < least) or (
                    kind == "address" and len(group) >= LEAST_GROUP
                ):
                    self._judge_place(tool, kind, group, ballots, standing, now)

    def _judge_place(
        self,
        tool: Hashable,
        kind: str,
        group: list[Ballot],
        ballots: list[Ballot],
        standing: dict[int, int],
        now: float,
    ) -> None:
        """Hold a crowd of one place unless it looks like a room of people: several browsers, and both sides."""
        agent, most = Counter(it.agent for it in group).most_common(1)[0]
        known = self.agents[agent] / max(1, sum(self.agents.values()))
        one_browser = log_tail_binomial(most, len(group), min(0.9, known + 0.15)) < math.log(0.01)
        inside = set(map(id, group))
        others = [it for it in ballots if id(it) not in inside]
        reference = self._reference(others, standing, now - 10 * DAY, now)
        for side in (1, -1):
            mine = [it for it in group if it.value == side]
            if len(mine) < len(group) / 2:
                continue
            one_sided = log_tail_binomial(len(mine), len(group), reference.most(side)) < math.log(0.02)
            if one_browser or one_sided or len(group) < 6:
                for it in mine if one_sided and not one_browser else group:
                    self._set(it, HELD, kind)

    # Crowds

    def _reference(self, ballots: list[Ballot], standing: dict[int, int], begins: float, ends: float) -> Reference:
        """Return what voters with history say at the time, with a little of the past and of the whole site."""
        within = [it for it in ballots if it.value and not it.rule and begins < it.at <= ends]
        hs, hn = sides(it for it in within if standing[it.id] >= 2)
        if hn < 6:  # strangers who also voted on other tools are second best
            ms, mn = sides(it for it in within if standing[it.id] == 1)
            trust = 0.5
            hs, hn = hs + ms * trust, hn + mn * trust
        ps, pn = sides(it for it in ballots if it.at <= begins and it.value and it.state == COUNTED)
        ws, wn = self.site
        fade = 1 / (1 + hn / 12)  # the more is known of these days, the less the past says
        weight = min(PAST_VOTES, pn) * fade
        prior = PRIOR_VOTES * fade
        ships = hs + (ps / pn * weight if pn else 0.0) + (ws + 13.0) / (wn + 20.0) * prior
        votes = hn + weight + prior
        tolerance = (TOLERANCE_NOW * hn + TOLERANCE_PAST * (weight + prior)) / votes
        return Reference(min(0.97, max(0.03, ships / votes)), votes, tolerance)

    def _crowds(self, tool: Hashable, ballots: list[Ballot], standing: dict[int, int], now: float) -> None:
        self._follow(tool, ballots, standing, now)
        for window in WINDOWS:
            begins = now - window
            known = [it for it in ballots if it.value and it.rule == ""]
            low = [it for it in known if it.at > begins and standing[it.id] < 2]
            reference = self._reference(known, standing, begins, now)
            pace = self._pace(known, standing, begins, now) if len(low) >= LEAST_GROUP else 0.0
            if self._hold_excess(tool, low, reference, begins, now, "crowd", pace):
                continue
            if window <= 3 * DAY:
                self._sleepers(tool, known, standing, begins, now)

    @staticmethod
    def _pace(known: list[Ballot], standing: dict[int, int], begins: float, now: float) -> float:
        """Return the log of how surprising the number of strangers since `begins` is, after the weeks before."""
        window = now - begins
        before = max(3 * window, MEMORY)
        oldest = min((it.at for it in known), default=now)
        span = min(before, begins - oldest)
        if span < window:
            return 0.0
        low = sum(it.at > begins and standing[it.id] < 2 for it in known)
        usual = sum(begins - span < it.at <= begins and standing[it.id] < 2 for it in known)
        return log_tail_poisson(low, 1 + 1.25 * (usual + 1) * window / span)

    def _follow(self, tool: Hashable, ballots: list[Ballot], standing: dict[int, int], now: float) -> None:
        """A crowd that was held goes on for a while in numbers too small to be noticed by themselves."""
        for episode in self.episodes:
            if episode.tool != tool or now - episode.ends > 2 * DAY or episode.rule != "crowd":
                continue
            inside = [it for it in ballots if it.value and it.at > episode.begins and standing[it.id] < 2]
            held = [it for it in inside if it.rule == "crowd" and it.value == episode.side]
            new = [it for it in inside if it.rule == "" and it.value == episode.side]
            others = sum(it.rule == "" and it.value != episode.side for it in inside)
            if not held or not new:
                continue
            reference = self._reference(ballots, standing, episode.begins, now)
            usual = reference.of(episode.side)
            total = len(held) + len(new)
            bought = max(0.0, total - others * usual / (1 - usual) - 1) / total
            if total < ONE_SIDED * (total + others) or bought < MOSTLY_BOUGHT:
                continue
            if log_tail_binomial(total, total + others, reference.most(episode.side)) < CHANCE:
                for it in new:
                    self._set(it, HELD, "crowd")
                episode.ends = now

    def _sleepers(
        self, tool: Hashable, known: list[Ballot], standing: dict[int, int], begins: float, now: float
    ) -> None:
        """Accounts with a little history that come all at once, and say what no other voter with history says."""
        mailed = [it for it in self.now_of[tool].values() if it.rule in ("mail", "sleepers") and it.value]
        group = [it for it in [*known, *mailed] if it.at > begins and it.account and standing.get(it.id) == 2]
        if len(group) < LEAST_GROUP:
            return
        usual = sum(1 for it in known if it.at <= begins and it.account and begins - it.at < 28 * DAY)
        if log_tail_poisson(len(group), 0.5 + usual * (now - begins) / (28 * DAY)) > CROWDED:
            return
        inside = set(map(id, group))
        others = [it for it in known if id(it) not in inside]
        reference = self._reference(others, standing, begins, now)
        self._hold_excess(tool, group, reference, begins, now, "sleepers")

    def _hold_excess(
        self,
        tool: Hashable,
        group: list[Ballot],
        reference: Reference,
        begins: float,
        now: float,
        rule: str,
        pace: float = 0.0,
    ) -> bool:
        n = len(group)
        if n < LEAST_GROUP:
            return False
        for side in (1, -1):
            mine = [it for it in group if it.value == side]
            most = reference.most(side)
            opinion = log_tail_binomial(len(mine), n, most)
            if opinion > CHANCE and not (opinion < HINT and opinion + pace < SURPRISE):
                continue
            others = n - len(mine)
            usual = reference.of(side)
            honest = others * usual / (1 - usual)
            bought = max(0.0, len(mine) - honest - 1) / len(mine)
            one_sided = len(mine) >= ONE_SIDED * n and bought >= MOSTLY_BOUGHT
            room = 0 if one_sided else math.ceil(others * most / (1 - most))
            mine.sort(key=lambda it: self._doubt(it), reverse=True)
            held = [it for it in mine[: len(mine) - room] if not it.rule]
            for it in held:
                self._set(it, HELD, rule)
            if held:
                self._note_episode(tool, side, min(it.at for it in held) - 1, now, rule)
            return True
        return False

    def _note_episode(self, tool: Hashable, side: int, begins: float, now: float, rule: str) -> None:
        """Open an episode, or widen the one that goes on."""
        for it in self.episodes:
            if (it.tool, it.side, it.rule) == (tool, side, rule) and begins < it.ends + 2 * DAY:
                it.begins, it.ends = min(it.begins, begins), now
                return
        self.episodes.append(Episode(tool, side, begins, now, now, rule))

    def _doubt(self, ballot: Ballot) -> float:
        """Order votes of one side by how little speaks for them; ties by a number nobody can choose."""
        network = self.networks.get(ballot.network)
        doubt = 2.0 * (ballot.dwell < QUICK_SECONDS) + 1.0 * (ballot.dwell < 9)
        doubt += 2.0 * bool(network and network.crude)
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
            ballots = list(self.now_of[episode.tool].values())
            standing = {it.id: self.standing(it.voter, now) for it in ballots}
            inside = [it for it in ballots if it.value and episode.begins < it.at <= episode.ends + DAY]
            held = [
                it for it in inside if it.rule == episode.rule and it.value == episode.side and it.at <= episode.ends
            ]
            if not held:
                continue
            for it in held:
                if episode.rule == "crowd" and standing[it.id] >= 2:
                    self._set(it, COUNTED, "")
            with_it = {"crowd": ("crowd",), "sleepers": ("sleepers", "mail")}[episode.rule]
            group = [it for it in inside if it.rule in with_it or (it.rule == "" and standing[it.id] < 2)]
            rest = [it for it in ballots if it.rule == ""]
            reference = self._reference(rest, standing, episode.begins, now)
            mine = sum(it.value == episode.side for it in group)
            if log_tail_binomial(mine, len(group), reference.most(episode.side)) > CHANCE / 2:
                for it in held:
                    self._set(it, COUNTED, "")
        self.episodes = kept
