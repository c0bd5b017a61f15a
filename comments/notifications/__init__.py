"""Telling: who hears about what, by which way and how often."""
