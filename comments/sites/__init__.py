"""Publishers: a site, its web addresses, its people and how it moderates. Imports accounts."""
