"""Subscribers have no page yet: an address list is not for browsing."""
