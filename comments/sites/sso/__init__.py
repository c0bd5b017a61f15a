"""Readers whom the publisher signs in: tokens, the keys that prove them, and what they say."""
