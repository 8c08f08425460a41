"""The editors' pages of the weekly mail."""

from newsletter.admin import issue, sending

__all__ = ["issue", "sending"]
