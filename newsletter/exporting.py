"""Everything that is kept about one subscriber, for that subscriber."""

from typing import Any

from newsletter.models import Subscriber, Topic


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """Return the address, the preferences, the follows and the whole history of consent, ready for JSON."""
    topics = Topic.objects.select_related("category").order_by("bit")
    chosen = [str(topic.category) for topic in topics if topic.category and subscriber.topics >> topic.bit & 1]
    return {
        "address": subscriber.email,
        "state": subscriber.state,
        "created_at": subscriber.created_at,
        "confirmed_at": subscriber.confirmed_at,
        "unsubscribed_at": subscriber.unsubscribed_at,
        "topics": chosen or "all",
        "frequency": subscriber.frequency,
        "time_zone": subscriber.tz,
        "paused_until": subscriber.paused_until,
        "follows": [str(follow) for follow in subscriber.follows.select_related("tool", "other")],
        "consent": [
            {
                "what": event.kind,
                "at": event.at,
                "network": event.network,
                "form": event.form,
                "words": event.text.body if event.text else "",
                "detail": event.detail,
            }
            for event in subscriber.consent.select_related("text")
        ],
    }
