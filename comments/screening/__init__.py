"""What decides at the door: pure checks over the facts of a draft, and the policy that reads them.

Imports accounts and sites; touches neither the database nor the clock.
"""
