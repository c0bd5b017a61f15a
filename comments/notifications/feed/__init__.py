"""What a person is answered, as a feed at a link that only they know."""
