"""Writing down what was agreed to, beside the change it belongs to."""

from typing import Any

from newsletter.models import ConsentEvent, ConsentText, Subscriber

WORDS = (
    "Weekly AI Tool Verdicts: one mail a week with the new and changed verdicts. "
    "Nothing else, and one click in any mail ends it."
)


def note(
    subscriber: Subscriber, kind: str, *, form: str = "", network: str = "", text: bool = False, **detail: Any
) -> None:
    """Add one event. Call it in the transaction of the change; `text` says that the reader saw WORDS."""
    ConsentEvent.objects.create(
        subscriber=subscriber,
        address_hmac=subscriber.address_hmac,
        kind=kind,
        form=form,
        network=network,
        text=ConsentText.objects.holding(WORDS) if text else None,
        detail=detail,
    )
