"""The public dump: everything the site says, as files, and the proof that its numbers follow from them."""
