"""Following tools and pairs: their changes come with the reader's issue (`newsletter.following` puts them in)."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from newsletter import consenting
from newsletter.models import ConsentEvent, Follow, Subscriber
from tools.models import Tool

MOST = 200  # that one reader can follow
MOST_AT_ONCE = 20  # that one mailed link stands for


@transaction.atomic
def follow(subscriber: Subscriber, tools: Sequence[Tool], *, form: str, network: str = "") -> bool:
    """Follow one tool, or the pair of two. False when this reader follows it already, or as many as there may be."""
    Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    if subscriber.follows.about(*tools).exists() or subscriber.follows.count() >= MOST:
        return False
    subscriber.follows.create(**Follow.objects.columns(tools))
    _note(subscriber, ConsentEvent.Kind.FOLLOWED, tools, form, network)
    return True


@transaction.atomic
def unfollow(subscriber: Subscriber, tools: Sequence[Tool], *, form: str, network: str = "") -> bool:
    """Follow it no more. False when this reader did not."""
    count, _ = subscriber.follows.about(*tools).delete()
    if count:
        _note(subscriber, ConsentEvent.Kind.UNFOLLOWED, tools, form, network)
    return bool(count)


def _note(subscriber: Subscriber, kind: str, tools: Sequence[Tool], form: str, network: str) -> None:
    consenting.note(subscriber, kind, form=form, network=network, tools=sorted(tool.slug for tool in tools))


# What a mailed link stands for: keys, one for a tool and two for a pair ------------------------


def keys_of(tools: Sequence[Tool]) -> list[int]:
    return sorted(tool.pk for tool in tools)


def added(keys: Iterable[list[int]], more: list[int]) -> list[list[int]]:
    """Return what a newer link stands for: what the one before it did, and one more."""
    return [*[it for it in keys if it != more], more][-MOST_AT_ONCE:]


def meant_by(keys: Iterable[list[int]]) -> list[list[Tool]]:
    """Return the tools and pairs that a link stands for, without those that are not public any more."""
    keys = list(keys)
    tools = Tool.objects.public().in_bulk([pk for pair in keys for pk in pair])
    return [[tools[pk] for pk in pair] for pair in keys if all(pk in tools for pk in pair)]


def in_words(meant: Sequence[Sequence[Tool]]) -> str:
    """Return “Aider, Cursor and Aider vs Cursor”."""
    names = [" vs ".join(tool.name for tool in sorted(tools, key=lambda tool: tool.slug)) for tools in meant]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
