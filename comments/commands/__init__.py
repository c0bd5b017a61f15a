"""What an operator does to people and sites from the command line. Imports accounts and sites."""
