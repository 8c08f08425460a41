"""The votes as the detector sees them: read anew for each pass, so that a restart changes nothing.

Of each vote the word, the state and its reason are in the table; of each voter its history; of where votes came from what
the salts of the last fortnight still tell, under one salt for all days. Votes of more than `HORIZON` ago are left
unread, but for the last few of tools that have hardly any since: what was said of a tool before is only a reference.
"""

import dataclasses
import datetime
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from voting import detector as judge
from voting import origins
from voting.detector import Ballot, Detector, Episode
from voting.models import Case, CaseVote, Round, Vote, VoteEvent, VoteSignal
from voting.models.signal import oldest_kept
from voting.settling import WAITS

HORIZON = datetime.timedelta(days=120)
OLDER_VOTES = 60  # of a tool with fewer since
OVERLAP = 60.0  # seconds: a vote that was written while the last pass read is looked at again
BY_PERSON = "person"  # the detector leaves alone what has a rule that is not its own
STATE_OF = {0: judge.COUNTED, 1: judge.HELD, 2: judge.DISCARDED}
NUMBER_OF = {name: Vote.State(number) for number, name in STATE_OF.items()}
STATES = {state.value: state for state in Vote.State}
COLUMNS = (
    "pk",
    "tool_id",
    "voter_id",
    "value",
    "state",
    "reason",
    "changed_at",
    "is_verified",
    "voter__first_vote_at",
    "voter__tools_voted",
    "voter__account__date_joined",
    "voter__account__email",
)
_SIGNAL = ("vote_id", "day", "at", "addr", "net", "wide", "ua", "earlier", "ref_host", "dwell_ms", "honeypot")
Stood = tuple[Vote.State, str]


class Bench:
    """A detector that knows the votes as they stood at a moment, and how they stood."""

    def __init__(self, now: datetime.datetime) -> None:
        self.now, self.last = now, Round.objects.filter(at__lt=now).first()
        self.detector = Detector()
        self.ballots: dict[int, Ballot] = {}
        self.stood: dict[int, Stood] = {}
        self.cases: dict[int, tuple[Episode, Case]] = {}  # by the episode's identity
        rows = list(self._rows())
        self.final = decided_by_people()
        self.signals = read_signals(VoteSignal.objects.filter(day__gte=oldest_kept(now.date())))
        self.taken: set[int] = set()
        signals = signals_of(self.signals, now.date())
        seen = Counter(row[2] for row in rows)
        for row in rows:
            self.take(row, signals, unread=row[9] - seen[row[2]])
        self._remember()

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the votes in the order in which they were last spoken."""
        since = self.now - HORIZON
        votes = Vote.objects.filter(tool__is_sample=False).values_list(*COLUMNS)
        recent = list(votes.filter(changed_at__gt=since).order_by("changed_at", "pk").iterator(chunk_size=5_000))
        many = Counter(row[1] for row in recent)
        enough = [tool for tool, n in many.items() if n >= OLDER_VOTES]
        rank = Window(RowNumber(), partition_by=F("tool_id"), order_by=F("changed_at").desc())
        older = votes.filter(changed_at__lte=since).exclude(tool__in=enough).annotate(rank=rank)
        yield from sorted(older.filter(rank__lte=OLDER_VOTES), key=lambda row: row[6])
        yield from recent

    def take(self, row: tuple[Any, ...], signals: dict[int, dict[str, Any]], unread: int = 0) -> None:
        """Tell the detector of a vote, and put it where it stands."""
        pk, tool, voter, value, state, reason, changed_at, account, first, _, joined, mail = row
        if voter not in self.detector.voters:
            began = (first or changed_at).timestamp()
            before: set[Any] = {f"unread {n}" for n in range(unread)}
            self.detector.voters[voter] = judge.Voter(tools=before, first=began)
        ballot = Ballot(
            pk,
            changed_at.timestamp(),
            voter,
            tool,
            value,
            account=account,
            domain=domain_of(mail),
            **signals.get(pk, {}),
        )
        self.detector.receive(ballot, joined.timestamp() if joined else 0.0)
        ballot.waits = reason == WAITS and state == Vote.State.HELD
        ballot.state = STATE_OF[state]
        ballot.rule = "" if ballot.waits else reason
        if pk in self.final or reason.startswith("case "):
            self.final.add(pk)
            ballot.rule = BY_PERSON
        self.ballots[pk], self.stood[pk] = ballot, (STATES[state], reason)
        self.taken.add(pk)

    def follow(self, rows: Iterable[tuple[Any, ...]], signals: QuerySet[VoteSignal], today: datetime.date) -> None:
        """Tell the detector of votes that have come or changed since."""
        new = read_signals(signals)
        self.signals |= new
        told = signals_of(new, today)
        for row in rows:
            self.take(row, told)

    def rejoin(self, today: datetime.date) -> None:
        """Know places by the names that the oldest salt of a new day gives them."""
        oldest = oldest_kept(today)
        self.signals = {pk: row for pk, row in self.signals.items() if row.day >= oldest}
        self.detector.rename(signals_of(self.signals, today))

    def _remember(self) -> None:
        """Give the detector back what it knew after the last pass besides the votes."""
        begins = self.last.at.timestamp() - OVERLAP if self.last else 0.0
        moved = VoteEvent.objects.filter(pk__gt=self.last.last_event if self.last else 0).values_list("tool", flat=True)
        self.detector.touched = {it.tool for it in self.ballots.values() if it.at > begins or it.waits} | set(moved)
        for name, known in (self.last.memo if self.last else {}).items():
            if hasattr(self.detector, name):
                setattr(self.detector, name, set(known) if name == "in_doubt" else known)
        for case in Case.objects.filter(memo__isnull=False, decision="").order_by("pk"):
            if episode := _episode_of(case):
                self.detector.episodes.append(episode)
                self.cases[id(episode)] = episode, case

    def changes(self) -> dict[int, Stood]:
        """Return where the detector wants votes to stand that stand elsewhere."""
        wanted = self._of_samples()
        for pk in sorted(self.taken | self.detector.judged):
            ballot = self.ballots.get(pk)
            if ballot is None or pk in self.final:
                continue
            state, reason = NUMBER_OF[ballot.state], WAITS if ballot.waits else ballot.rule
            if state == Vote.State.DISCARDED and reason != "trap":
                state = Vote.State.HELD  # rules hold; only the trap, and people, discard
            if (state, reason) != self.stood[pk]:
                wanted[pk] = state, reason
        return wanted

    def carried_out(self, wanted: dict[int, Stood], done: dict[int, Stood]) -> None:
        """Note what of the changes has been done; what has not is wanted again."""
        self.stood |= done
        self.taken = wanted.keys() - done.keys()
        self.detector.judged.clear()

    def _of_samples(self) -> dict[int, Stood]:
        """Sample votes are made up, so that nobody can judge readers' by them: these count."""
        waiting = Vote.objects.filter(tool__is_sample=True, state=Vote.State.HELD, reason=WAITS)
        pks = list(waiting.values_list("pk", flat=True))
        self.stood |= dict.fromkeys(pks, (Vote.State.HELD, WAITS))
        return dict.fromkeys(pks, (Vote.State.COUNTED, ""))

    def memo(self) -> dict[str, Any]:
        """Return the figures that the detector keeps from pass to pass. JSON knows none that are infinite, as without votes."""
        known = vars(self.detector).items()
        kept = {k: v for k, v in known if k == "site" or (isinstance(v, (int, float)) and math.isfinite(v))}
        return kept | {"in_doubt": sorted(getattr(self.detector, "in_doubt", ()))}


def _episode_of(case: Case) -> Episode | None:
    """Return what the detector remembers of a case; nothing where it was another release's detector, which knew less."""
    names = {field.name for field in dataclasses.fields(Episode)}
    try:
        return Episode(tool=case.tool_id, **{k: v for k, v in (case.memo or {}).items() if k in names})
    except TypeError:
        return None


def read_signals(signals: QuerySet[VoteSignal]) -> dict[int, Any]:
    """Return what the detector needs of signals, by vote, still sealed."""
    return {row.vote_id: row for row in signals.values_list(*_SIGNAL, named=True)}


def signals_of(known: dict[int, Any], today: datetime.date) -> dict[int, dict[str, Any]]:
    """Return what the detector is told of where votes came from, by vote. Nothing of days whose salts are gone."""
    found = {}
    for it in origins.joined(known.values(), today):
        row = known[it.vote_id]
        found[it.vote_id] = {
            "address": it.addr,
            "network": it.net,
            "wide": f"{'v6:' if it.is_v6 else ''}{it.wide.hex()}",  # of which kind it is, the detector asks
            "agent": it.ua,
            "referrer": row.ref_host,
            "dwell": 30.0 if row.dwell_ms is None else row.dwell_ms / 1000,
            "honeypot": row.honeypot,
        }
    return found


def decided_by_people() -> set[int]:
    """Return the votes that the staff has moved outside of cases, or is about to move in one."""
    single = VoteEvent.objects.filter(kind="state", actor__startswith="staff:", case_id=None)
    proposed = CaseVote.objects.filter(case__state=Case.State.OPEN).exclude(case__decision="")
    return {*single.values_list("vote_id", flat=True), *proposed.values_list("vote_id", flat=True)}


def domain_of(mail: str | None) -> str:
    return mail.rpartition("@")[2].lower() if mail else ""
