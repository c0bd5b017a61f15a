"""Judgement: queues, decisions, reports and sanctions. Imports accounts, sites and threads."""
