"""What is wrong, and what to do about it: with this installation, or with a publisher's page.

Not a domain: it looks at all of them and none of them knows it.
"""
