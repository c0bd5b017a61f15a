"""Talk: articles, comments and what becomes of them. Imports accounts, sites and screening."""
