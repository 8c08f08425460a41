"""Who reads the weekly mail, what they agreed to, and who must never be mailed again."""

from newsletter.models.confirmation import Confirmation
from newsletter.models.consent import ConsentEvent, ConsentText
from newsletter.models.follow import Follow
from newsletter.models.linkhit import LinkHit
from newsletter.models.provider import ProviderEvent
from newsletter.models.subscriber import Subscriber
from newsletter.models.suppression import Suppression
from newsletter.models.topic import Topic

__all__ = [
    "Confirmation",
    "ConsentEvent",
    "ConsentText",
    "Follow",
    "LinkHit",
    "ProviderEvent",
    "Subscriber",
    "Suppression",
    "Topic",
]
