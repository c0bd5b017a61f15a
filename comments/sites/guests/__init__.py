"""People who write without an account, where a site lets them, and what becomes of them."""
