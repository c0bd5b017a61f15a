"""What an operator does to people and sites. Imports accounts, sites and hooks."""
