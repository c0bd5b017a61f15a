"""The letters of a site that could not be sent: a page for those who run it, and trying again."""
