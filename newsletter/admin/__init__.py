"""The editors' pages of the weekly mail."""

from newsletter.admin import issue, sending, subscribers

__all__ = ["issue", "sending", "subscribers"]
