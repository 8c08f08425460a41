"""Who reads the weekly mail, what they agreed to, what they are sent, and what became of it."""

from newsletter.models.confirmation import Confirmation
from newsletter.models.consent import ConsentEvent, ConsentText
from newsletter.models.delivery import Delivery, DomainLimit, SendBatch, SendControl
from newsletter.models.follow import Follow
from newsletter.models.issue import Edition, Issue, IssueItem, IssuePin, MailedChange, Snippet
from newsletter.models.linkhit import LinkHit
from newsletter.models.provider import ProviderEvent
from newsletter.models.subject_test import SubjectTest
from newsletter.models.subscriber import Subscriber
from newsletter.models.suppression import Suppression
from newsletter.models.topic import Topic

__all__ = [
    "Confirmation",
    "ConsentEvent",
    "ConsentText",
    "Delivery",
    "DomainLimit",
    "Edition",
    "Follow",
    "Issue",
    "IssueItem",
    "IssuePin",
    "LinkHit",
    "MailedChange",
    "ProviderEvent",
    "SendBatch",
    "SendControl",
    "Snippet",
    "SubjectTest",
    "Subscriber",
    "Suppression",
    "Topic",
]
