"""Webhooks: what happens on a site, told to servers of the publisher's."""
