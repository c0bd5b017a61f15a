"""What reading and posting cost, side by side with others: `make bench`, or python -m benchmarks.

Uses the servers and the factories of the tests. Nothing here is part of the service.
"""
