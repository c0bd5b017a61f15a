"""Links that make somebody a member of a site: making, mailing, accepting them."""
