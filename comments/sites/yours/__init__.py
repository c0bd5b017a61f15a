"""The data of readers whom a publisher signs in, for themselves: to take along, and to delete."""
