"""Moving in: one reader for each foreign export, one loader for all.

May import accounts, sites, screening, threads and moderation. Owns no table: a comment remembers
the source it came from.
"""
