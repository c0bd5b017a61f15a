"""Telling people in their browsers by the browser's push service, where that is set up."""
