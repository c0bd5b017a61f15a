"""A made-up publisher with its readers, to try the service on.

Imports every domain, imported by none. The publisher's pages stand for somebody else's site: they
speak English only, as such a site may, and know of the service nothing but its address, its script
tag and their site keys.
"""
