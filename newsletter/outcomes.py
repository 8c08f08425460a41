"""What a mail server's answer means for one delivery. Numbers and words in, a judgement out; no database, no clock.

Reply codes: RFC 5321, 4.2; status codes: RFC 3463 and the IANA registry of enhanced status codes.
"""

import datetime
from dataclasses import dataclass

from newsletter.smtp import Outcome, Reply

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
DELAYS = [5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR]
DOUBT = 10 * MINUTE  # before what may or may not have arrived is sent once more
NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Judgement:
    """`state` is a name of `Delivery.State`; `wait` is how long until the next try, None for a last word."""

    state: str
    wait: datetime.timedelta | None = None
    charged: bool = True
    is_address_dead: bool = False  # suppress it
    is_soft_bounce: bool = False  # three issues of five, and it is
    is_policy: bool = False  # our fault: nobody is suppressed, many of them pause the issue
    slow_down: str = ""  # "domain" or "server": who asked for less


def judge(outcome: Outcome, *, attempts: int, doubts: int, chance: float, resend_doubtful: bool = True) -> Judgement:
    """Return what to write down. `attempts` and `doubts` are those before this one; `chance`, 0 to 1, spreads the waits."""
    reply = outcome.reply
    if reply is None:
        if resend_doubtful and not doubts:
            return Judgement("UNCERTAIN", DOUBT)
        return Judgement("UNCERTAIN")
    if outcome.is_accepted:
        return Judgement("SENT")
    if reply.code // 100 == 4:
        slow = _asks_for_less(reply)
        where = "server" if outcome.stage == "mail" else "domain"
        return Judgement("DEFERRED", spread(delay(attempts), chance), slow_down=where if slow else "")
    return _refused(outcome.stage, reply)


def _refused(stage: str, reply: Reply) -> Judgement:
    status = reply.enhanced
    if stage == "mail" or status.startswith("5.7.") or reply.code in {500, 501, 502, 503, 530, 535}:
        return Judgement("FAILED", is_policy=True)
    if status in NO_SUCH_ADDRESS:
        return Judgement("FAILED", is_address_dead=True)
    return Judgement("FAILED", is_soft_bounce=True)


def _asks_for_less(reply: Reply) -> bool:
    return reply.code in {421, 454} or reply.enhanced.startswith("4.7.")


def delay(attempts: int) -> datetime.timedelta:
    """Return the wait after so many earlier attempts."""
    return DELAYS[min(attempts, len(DELAYS) - 1)]


def spread(wait: datetime.timedelta, chance: float) -> datetime.timedelta:
    """Return the wait, up to a fifth shorter or longer, so that what failed together does not return together."""
    return wait * (1 + JITTER * (2 * chance - 1))


def backoff(failures: int, chance: float) -> datetime.timedelta:
    """Return how long a batch rests after so many connections failed in a row: half a minute doubled, an hour at most."""
    return spread(min(datetime.timedelta(seconds=30 * 2 ** min(failures, 8)), HOUR), chance)


def is_too_much_policy(recent: list[bool]) -> bool:
    """Whether so many of the last messages were refused for reasons of ours that sending on does harm."""
    return len(recent) >= 50 and sum(recent) >= max(3, 0.02 * len(recent))
